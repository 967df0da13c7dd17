using System.Text;
using System.Text.RegularExpressions;
using System.Xml;

namespace Distributed.Engine.Documents.Sample;

/// <summary>
/// A long real text that is on any machine that can build this: what the API reference of the .NET SDK says of each type
/// and member, one to a line.
/// </summary>
public static partial class SdkReference
{
    /// <summary>The text read first; the others follow in the order of their names.</summary>
    internal const string FirstText = "System.Runtime.xml";

    /// <summary>Reads the newest reference of this machine.</summary>
    /// <param name="lines">Lines wanted; there may be fewer.</param>
    /// <returns>Lines of the form <c>String.Split: Splits a string …</c>, each ended by LF.</returns>
    /// <exception cref="InputException">There is no reference on this machine, or a text of it is damaged.</exception>
    public static string Read(int lines)
    {
        string folder = ReferenceFolder.Find();
        IEnumerable<string> files = Directory.EnumerateFiles(folder, "*.xml").Order(StringComparer.Ordinal)
            .OrderByDescending(path => Path.GetFileName(path) == FirstText);
        var text = new StringBuilder();
        foreach (string line in files.SelectMany(LinesOf).Take(lines))
            text.Append(line).Append('\n');
        return text.ToString();
    }

    private static IEnumerable<string> LinesOf(string path)
    {
        string last = "";
        using XmlReader xml = XmlReader.Create(path, new XmlReaderSettings { IgnoreWhitespace = false });
        while (Next(xml, path, "member"))
        {
            string name = ShortName(xml.GetAttribute("name") ?? "", members: 2);
            using XmlReader member = xml.ReadSubtree();
            if (!Next(member, path, "summary"))
                continue;
            using XmlReader summary = member.ReadSubtree();
            string said = TextOf(summary, path);

            // Overloads follow one another and mostly say the same.
            if (said.Length > 0 && said != last)
                yield return $"{name}: {said}";
            last = said;
        }
    }

    private static bool Next(XmlReader xml, string path, string element)
    {
        try
        {
            return xml.ReadToFollowing(element);
        }
        catch (XmlException error)
        {
            throw new InputException($"The reference text '{path}' is damaged: {error.Message}", error);
        }
    }

    private static string TextOf(XmlReader xml, string path)
    {
        var text = new StringBuilder();
        try
        {
            while (xml.Read())
            {
                if (xml.NodeType is XmlNodeType.Text or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace or XmlNodeType.CDATA)
                    text.Append(xml.Value);
                else if (xml.NodeType == XmlNodeType.Element)
                    text.Append(Named(xml));
            }
        }
        catch (XmlException error)
        {
            throw new InputException($"The reference text '{path}' is damaged: {error.Message}", error);
        }
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Named(XmlReader element) => element.Name switch
    {
        "see" or "seealso" => element.GetAttribute("langword")
            ?? (element.GetAttribute("cref") is { } cref && element.IsEmptyElement ? ShortName(cref, members: 1) : ""),
        "paramref" or "typeparamref" => element.GetAttribute("name") ?? "",
        _ => " ",
    };

    [GeneratedRegex("`+[0-9]+")]
    private static partial Regex GenericArity();

    /// <summary>The last parts of a documentation name: <c>M:System.String.Split(System.Char)</c> gives String.Split.</summary>
    private static string ShortName(string name, int members)
    {
        bool type = name.StartsWith("T:", StringComparison.Ordinal);
        int end = name.AsSpan().IndexOfAny('(', '~');
        string[] parts = (end < 0 ? name : name[..end]).Split(':')[^1].Split('.');
        string joined = string.Join('.', parts.TakeLast(type ? 1 : members));
        return GenericArity().Replace(joined, "").Replace("#ctor", "new", StringComparison.Ordinal);
    }
}
