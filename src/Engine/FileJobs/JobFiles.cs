using Distributed.Engine.Files;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.FileJobs;

/// <summary>The open input files of a job. The tensors are valid until it is disposed.</summary>
public sealed class JobFiles : IDisposable
{
    /// <summary>Largest head size a job takes, so that a packed span stays far below a GiB.</summary>
    public const int MaxHeadSize = 16_384;

    private static readonly string[] Names = ["q", "k", "v"];

    private readonly List<TensorFile> _open = [];

    private JobFiles()
    {
    }

    /// <summary>The tensors, checked against one another.</summary>
    public AttentionInput Input { get; private set; } = null!;

    /// <summary>Opens the files of a job and finds its tensors.</summary>
    /// <exception cref="InputException">A file or tensor is not what the job needs.</exception>
    public static JobFiles Open(TensorPaths paths, HeadLayout layout, IReadOnlyCollection<string> ignore)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(ignore);
        if (ignore.FirstOrDefault(Names.Contains) is { } needed)
            throw new InputException($"Tensor '{needed}' cannot be ignored: the job reads it.");
        var files = new JobFiles();
        try
        {
            FoundTensor[] tensors = paths.Together is { } together
                ? files.FromOneFile(together, ignore)
                : [
                    files.FromItsOwnFile("q", paths.Q!, ignore), files.FromItsOwnFile("k", paths.K!, ignore),
                    files.FromItsOwnFile("v", paths.V!, ignore),
                ];
            files.Input = new AttentionInput(
                Heads(tensors[0], "q", layout), Heads(tensors[1], "k", layout), Heads(tensors[2], "v", layout));
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TensorFile file in _open)
            file.Dispose();
        _open.Clear();
    }

    private FoundTensor[] FromOneFile(string path, IReadOnlyCollection<string> ignore)
    {
        TensorFile file = OpenFile(path, null);
        RefuseUnknown(file, Names, ignore);
        return [.. Names.Select(name => new FoundTensor(path, file.Map(name)))];
    }

    private FoundTensor FromItsOwnFile(string name, string path, IReadOnlyCollection<string> ignore)
    {
        TensorFile file = OpenFile(path, name);
        string wanted = file.Tensors.Count == 1 ? file.Tensors[0].Name : name;
        RefuseUnknown(file, [wanted], ignore);
        return new FoundTensor(path, file.Map(wanted));
    }

    private TensorFile OpenFile(string path, string? npyName)
    {
        TensorFile file = TensorFile.Open(path, npyName);
        _open.Add(file);
        return file;
    }

    private static void RefuseUnknown(TensorFile file, string[] known, IReadOnlyCollection<string> ignore)
    {
        TensorInfo? unknown = file.Tensors.FirstOrDefault(
            tensor => !known.Contains(tensor.Name) && !ignore.Contains(tensor.Name));
        if (unknown is not null)
        {
            throw new InputException(
                $"'{file.Path}' holds tensor {unknown}, which the job does not know; {string.Join(", ", known)} are expected (--ignore {unknown.Name} leaves it out).");
        }
    }

    private static HeadTensor Heads(FoundTensor found, string role, HeadLayout layout)
    {
        TensorInfo info = found.Tensor.Info;
        string what = $"'{found.Path}': tensor '{info.Name}', taken as {role},";
        string axes = (role, layout) switch
        {
            ("q", HeadLayout.Bhsd) => "[B, Hq, Sq, D]",
            ("q", _) => "[B, Sq, Hq, D]",
            ("k", HeadLayout.Bhsd) => "[B, Hkv, Skv, D]",
            ("k", _) => "[B, Skv, Hkv, D]",
            (_, HeadLayout.Bhsd) => "[B, Hkv, Skv, Dv]",
            _ => "[B, Skv, Hkv, Dv]",
        };
        if (info.Shape.Length != 4)
            throw new InputException($"{what} has shape {info.ShapeText}, of {info.Shape.Length} axes; the four of {axes} are expected.");
        if (info.ElementType is not { } type)
            throw new InputException($"{what} has elements of type {info.DType}; F32, F16 or BF16 is expected.");
        (long heads, long rows) = layout == HeadLayout.Bhsd
            ? (info.Shape[1], info.Shape[2])
            : (info.Shape[2], info.Shape[1]);
        if (info.Shape[0] > int.MaxValue || heads > int.MaxValue || info.Shape[3] > MaxHeadSize)
        {
            throw new InputException(
                $"{what} has shape {info.ShapeText}; a head size of at most {MaxHeadSize} and at most {int.MaxValue} heads and batch entries are expected.");
        }
        nint start = info.ElementCount == 0 ? 0 : found.Tensor.Start;
        return HeadTensor.Dense(start, type, layout, (int)info.Shape[0], (int)heads, rows, (int)info.Shape[3]);
    }

    private readonly record struct FoundTensor(string Path, MappedTensor Tensor);
}
