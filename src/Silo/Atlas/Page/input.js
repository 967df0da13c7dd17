// Pointer, wheel and keys.

const KEY_STEP = 120;

export function listen(map, view, actions) {
  const pointers = new Map();
  let moved = false;
  const at = (event) => {
    const box = map.getBoundingClientRect();
    return { x: event.clientX - box.left - actions.left, y: event.clientY - box.top - actions.top };
  };

  map.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, at(event));
    map.setPointerCapture(event.pointerId);
    moved = false;
  });

  map.addEventListener('pointermove', (event) => {
    const now = at(event), before = pointers.get(event.pointerId);
    if (!before) {
      actions.point(now);
      return;
    }
    if (pointers.size === 1) {
      view.pan(now.x - before.x, now.y - before.y);
    } else {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const gap = (a) => Math.max(10, Math.hypot(a.x - other.x, a.y - other.y));
      view.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
      view.zoomAt((now.x + other.x) / 2, (now.y + other.y) / 2, Math.log2(gap(now) / gap(before)));
    }
    moved ||= Math.hypot(now.x - before.x, now.y - before.y) > 2;
    pointers.set(event.pointerId, now);
    actions.point(now);
    actions.moved();
  });

  for (const end of ['pointerup', 'pointercancel']) {
    map.addEventListener(end, (event) => {
      if (pointers.delete(event.pointerId) && !moved && event.pointerType !== 'mouse') actions.point(at(event));
    });
  }
  map.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') actions.point(null); });

  map.addEventListener('wheel', (event) => {
    event.preventDefault();
    const { x, y } = at(event);
    view.zoomAt(x, y, -event.deltaY / (event.deltaMode === 1 ? 6 : 240));
    actions.moved();
  }, { passive: false });

  map.addEventListener('dblclick', (event) => {
    const { x, y } = at(event);
    view.zoomAt(x, y, event.shiftKey ? -1 : 1);
    actions.moved();
  });

  const keys = {
    ArrowLeft: () => view.pan(KEY_STEP, 0), ArrowRight: () => view.pan(-KEY_STEP, 0),
    ArrowUp: () => view.pan(0, KEY_STEP), ArrowDown: () => view.pan(0, -KEY_STEP),
    '+': () => view.zoomAt(view.width / 2, view.height / 2, 0.5), '=': () => view.zoomAt(view.width / 2, view.height / 2, 0.5),
    '-': () => view.zoomAt(view.width / 2, view.height / 2, -0.5), 0: () => view.home(), Home: () => view.home(),
    1: () => { view.zoom = 6; view.clamp(); },
    ...actions.keys,
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || ['SELECT', 'INPUT'].includes(event.target.tagName)) return;
    const key = keys[event.key];
    if (!key || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    key();
    actions.moved();
  });
}
