// Before the first paint: a page that flashes in the other colours hurts in the dark.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
