using System.CommandLine;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Cli.Servers;
using Distributed.Client;
using Distributed.Engine;

namespace Distributed.Cli.Commands;

/// <summary><c>attend tensor</c>: files that a server stores.</summary>
internal static class TensorCommand
{
    private static readonly Argument<string> Local = new("file") { Description = "The file to upload." };

    private static readonly Argument<string> Name = new("name") { Description = "Name on the server." };

    private static readonly Option<string?> As = Parsers.Of<string?>("--as", "NAME", "Name on the server. [default: the file's]", text => text);

    private static readonly Option<bool> Document = new("--document") { Description = "A text for document jobs instead of tensors." };

    private static readonly Option<string?> To = new("--output", "-o") { Description = "Where to put the file. [default: its name, here]", HelpName = "FILE" };

    /// <summary>The command.</summary>
    public static Command Create() => new(
        "tensor",
        "Tensor files and texts that a server stores for jobs. A key is taken from ATTEND_KEY in the environment.\n\nExamples:\n" +
        "  attend tensor put qkv.safetensors\n  attend tensor put book.txt --document\n  attend tensor ls")
    {
        ServerCommand.Of("put", "Uploads a file; what broke off is gone on with.", PutAsync, Local, As, CommonOptions.Json, Document),
        ServerCommand.Of("get", "Downloads a file, and checks it.", GetAsync, Name, To, Document),
        ServerCommand.Of("ls", "Lists what is stored.", ListAsync, CommonOptions.Json, Document),
        ServerCommand.Of("rm", "Removes a file; jobs that use it keep it.", RemoveAsync, Name, Document),
    };

    private static StoredKind Kind(ParseResult parsed) => parsed.GetValue(Document) ? StoredKind.Documents : StoredKind.Tensors;

    private static async Task PutAsync(ParseResult parsed, SiloClient client, CancellationToken stop)
    {
        string path = parsed.GetRequiredValue(Local);
        if (!File.Exists(path))
            throw new InputException($"The file '{path}' does not exist.");
        string name = parsed.GetValue(As) ?? Path.GetFileName(path);
        StoredFile? stored = null;
        await TransferDisplay.RunAsync(name, async progress => stored = await client.UploadAsync(Kind(parsed), name, path, progress, stop));
        if (parsed.GetValue(CommonOptions.Json))
            ServerReport.Json(stored);
        else
            ServerReport.Files([stored!]);
    }

    private static async Task GetAsync(ParseResult parsed, SiloClient client, CancellationToken stop)
    {
        string name = parsed.GetRequiredValue(Name), to = parsed.GetValue(To) ?? Path.GetFileName(name);
        await TransferDisplay.RunAsync(name, progress => client.DownloadAsync(Kind(parsed), name, to, progress, stop));
        Console.Out.WriteLine(to);
    }

    private static async Task ListAsync(ParseResult parsed, SiloClient client, CancellationToken stop)
    {
        var files = new List<StoredFile>();
        string? after = null;
        do
        {
            FilePage page = await client.ListAsync(Kind(parsed), after, 1000, stop);
            files.AddRange(page.Files);
            after = page.Next;
        }
        while (after is not null);
        if (parsed.GetValue(CommonOptions.Json))
            ServerReport.Json(files);
        else
            ServerReport.Files(files);
    }

    private static async Task RemoveAsync(ParseResult parsed, SiloClient client, CancellationToken stop)
    {
        string name = parsed.GetRequiredValue(Name);
        if (!await client.RemoveAsync(Kind(parsed), name, stop))
            throw new InputException($"There is no stored file '{name}'.");
    }
}
