using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Distributed.Engine.Analytics;

namespace Distributed.Engine.Documents.Output;

/// <summary>
/// Writes <c>report.html</c>: the picture of the matrix and the strongest links with the texts of both passages, on one page
/// that needs nothing but itself.
/// </summary>
internal static class ReportFile
{
    private const string Style = """
        :root{color-scheme:light dark;--ground:#fbfbfd;--ink:#1d1d24;--quiet:#5f6070;--line:#d9d9e2;--bar:#7a2bbf}
        @media(prefers-color-scheme:dark){:root{--ground:#14141a;--ink:#ececf2;--quiet:#a2a3b3;--line:#33343f;--bar:#d79bff}}
        body{margin:0 auto;max-width:1180px;padding:20px 16px 60px;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
        h1{font-size:22px;margin:0}h2{font-size:17px;margin:28px 0 8px}.quiet{color:var(--quiet)}
        img{max-width:100%;height:auto;border:1px solid var(--line);border-radius:8px;background:#fff}
        input{font:inherit;width:min(100%,420px);padding:5px 9px;border:1px solid var(--line);border-radius:6px;background:none;color:inherit}
        ol{list-style:none;padding:0;margin:10px 0}li{display:grid;grid-template-columns:92px 1fr 1fr;gap:4px 16px;padding:10px 0;border-top:1px solid var(--line)}
        li[hidden]{display:none}b{font-variant-numeric:tabular-nums}i{display:block;height:5px;border-radius:3px;background:var(--bar);margin-top:4px}
        p{margin:0;overflow-wrap:anywhere}.line{color:var(--quiet);font-size:13px}
        @media(max-width:640px){li{grid-template-columns:1fr}}
        """;

    private const string Script = """
        const find=document.getElementById('find'),count=document.getElementById('count'),items=[...document.querySelectorAll('li')];
        find.addEventListener('input',()=>{const wanted=find.value.toLowerCase();let shown=0;
        for(const item of items){item.hidden=!item.textContent.toLowerCase().includes(wanted);shown+=item.hidden?0:1}
        count.textContent=wanted?`${shown} of ${items.length}`:''});
        """;

    /// <summary>Writes the whole page.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="name">The document, for people.</param>
    /// <param name="passages">Its passages.</param>
    /// <param name="links">The strongest pairs.</param>
    /// <param name="png">The picture of the matrix.</param>
    public static void Write(Stream stream, string name, IReadOnlyList<Passage> passages, IReadOnlyList<RowPair> links, byte[] png)
    {
        using var page = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        string title = HtmlEncoder.Default.Encode(Path.GetFileName(name));
        page.WriteLine($"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>{title}: who attends to whom</title><style>{Style}</style></head><body>
            <h1>{title}</h1>
            <p class="quiet">{Number(passages.Count)} passages, each attending to every other; the strongest links are passages that belong together.</p>
            <h2>The attention matrix</h2>
            <p class="quiet">Rows attend, columns are attended to. A passage repeated elsewhere is a bright point, a repeated story a bright stripe along a diagonal.</p>
            """);
        page.WriteLine($"<img alt=\"Attention among {Number(passages.Count)} passages\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">");
        page.WriteLine($"<h2>The {Number(links.Count)} strongest links</h2>");
        if (links.Count > 0)
            page.WriteLine("<p><input id=\"find\" type=\"search\" placeholder=\"Find in these links\" aria-label=\"Find in these links\"> <span id=\"count\" class=\"quiet\"></span></p>");
        page.WriteLine("<ol>");
        foreach (RowPair link in links)
        {
            page.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"<li><div><b>{link.Weight:0.0000}</b><i style=\"width:{100 * Math.Clamp(link.Weight, 0, 1):0}%\"></i></div>{Text(passages[link.Query], "attends")}{Text(passages[link.Key], "is attended to")}</li>"));
        }
        page.WriteLine("</ol>");
        if (links.Count > 0)
            page.WriteLine($"<script>{Script}</script>");
        page.WriteLine("</body></html>");
    }

    private static string Text(Passage passage, string does) =>
        $"<div><p class=\"line\">line {Number(passage.Line)} {does}</p><p>{HtmlEncoder.Default.Encode(passage.Text)}</p></div>";

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
