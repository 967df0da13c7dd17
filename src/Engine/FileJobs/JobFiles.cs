using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;

namespace Distributed.Engine.FileJobs;

/// <summary>The open input files of a job. The tensors are valid until it is disposed.</summary>
public sealed class JobFiles : IDisposable
{
    /// <summary>Largest head size a job takes, so that a packed span stays far below a GiB.</summary>
    public const int MaxHeadSize = 16_384;

    private static readonly string[] Names = ["q", "k", "v"];

    private readonly List<TensorFile> _open = [];
    private readonly List<KeyRows> _joined = [];
    private readonly Dictionary<string, FoundTensor> _found = new(StringComparer.Ordinal);

    private JobFiles()
    {
    }

    /// <summary>The tensors, checked against one another.</summary>
    public AttentionInput Input { get; private set; } = null!;

    /// <summary>Past and new keys in one; null without a past.</summary>
    internal PresentTensor? PresentKeys { get; private set; }

    /// <summary>Past and new values in one; null without a past.</summary>
    internal PresentTensor? PresentValues { get; private set; }

    /// <summary>Opens the files of a job and finds its tensors.</summary>
    /// <exception cref="InputException">A file or tensor is not what the job needs.</exception>
    public static JobFiles Open(FileJobSpecification job)
    {
        ArgumentNullException.ThrowIfNull(job);
        job.Validate();
        if (job.Ignore.FirstOrDefault(name => name is "q" or "v") is { } needed)
            throw new InputException($"Tensor '{needed}' cannot be ignored: the job reads it.");
        var files = new JobFiles();
        try
        {
            if (job.Inputs.Together is { } together)
            {
                files.FromOneFile(together, job.Ignore);
            }
            else
            {
                files.FromItsOwnFile("q", job.Inputs.Q!, job.Ignore);
                if (job.Inputs.K is { } k)
                    files.FromItsOwnFile("k", k, job.Ignore);
                files.FromItsOwnFile("v", job.Inputs.V!, job.Ignore);
            }
            foreach (TensorPlace other in job.Inputs.Others)
                files.FromOtherFile(other);
            files.RequireKeys(job);
            files.TakeTensors(job);
            if (job.NeedsWeights)
                MechanismRules.CheckWeights(job.Options.Mechanism, files.Input.Tensors);
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
        foreach (KeyRows rows in _joined)
            rows.Dispose();
        _joined.Clear();
    }

    private void FromOneFile(string path, IReadOnlyCollection<string> ignore)
    {
        TensorFile file = OpenFile(path, null);
        RefuseUnknown(file, [.. Names, .. OptionalTensors.All], ignore);
        foreach (string name in Names.Where(name => name != "k" || (file.Find(name) is not null && !ignore.Contains(name))))
            _found.Add(name, new FoundTensor(path, name, file.Map(name)));
        foreach (string name in OptionalTensors.All.Where(name => file.Find(name) is not null && !ignore.Contains(name)))
            _found.Add(name, new FoundTensor(path, name, file.Map(name)));
    }

    private void FromItsOwnFile(string name, string path, IReadOnlyCollection<string> ignore)
    {
        TensorFile file = OpenFile(path, name);
        string wanted = file.Tensors.Count == 1 ? file.Tensors[0].Name : name;
        RefuseUnknown(file, [wanted], ignore);
        _found.Add(name, new FoundTensor(path, name, file.Map(wanted)));
    }

    private void FromOtherFile(TensorPlace other)
    {
        TensorPlace.RequireKnown(other.Name);
        TensorFile file = OpenFile(other.File, other.Name);
        string wanted = other.Tensor ?? (file.Tensors.Count == 1 ? file.Tensors[0].Name : other.Name);
        if (file.Find(wanted) is null)
            throw new InputException($"{Quoted.Path(other.File)} holds no tensor '{wanted}' to take as '{other.Name}'; it holds {string.Join(", ", file.Tensors.Select(tensor => tensor.Name))}.");
        if (!_found.TryAdd(other.Name, new FoundTensor(other.File, other.Name, file.Map(wanted))))
            throw new InputException($"Tensor '{other.Name}' is given twice: by {Quoted.Path(_found[other.Name].Path)} and by {Quoted.Path(other.File)}.");
    }

    /// <summary>There are keys, or a location matrix that stands in their place, and not both.</summary>
    private void RequireKeys(FileJobSpecification job)
    {
        bool keys = _found.ContainsKey("k"), locations = _found.ContainsKey(OptionalTensors.LocationMatrix);
        if (keys && locations)
            throw new InputException($"The input holds k and '{OptionalTensors.LocationMatrix}', in whose scores keys have no part; one of them is expected (--ignore k leaves k out).");
        if (!keys && !locations)
        {
            throw new InputException(job.Ignore.Contains("k")
                ? "Tensor 'k' cannot be ignored: the job reads it."
                : $"{Quoted.Path(job.Inputs.Together ?? job.Inputs.Q!)} holds no tensor 'k', which the job needs.");
        }
        if (locations && (_found.ContainsKey(OptionalTensors.PastKeys) || _found.ContainsKey(OptionalTensors.PastValues)))
            throw new InputException($"The input holds a past and '{OptionalTensors.LocationMatrix}', in whose scores keys have no part; one of them is expected.");
    }

    private TensorFile OpenFile(string path, string? npyName)
    {
        TensorFile file = TensorFile.Open(path, npyName);
        _open.Add(file);
        return file;
    }

    private void TakeTensors(FileJobSpecification job)
    {
        HeadTensor q = _found["q"].Heads(job.Layout, job.Heads?.Query, Axes(job.Layout, "Hq", "Sq", "D"));
        HeadTensor v = _found["v"].Heads(job.Layout, job.Heads?.Key, Axes(job.Layout, "Hkv", "Skv", "Dv"));
        KeyRows keys, values;
        HeadTensor k = _found.TryGetValue(OptionalTensors.LocationMatrix, out FoundTensor locations)
            ? locations.Locations(v.Batch, v.Heads, v.Rows)
            : _found["k"].Heads(job.Layout, job.Heads?.Key, Axes(job.Layout, "Hkv", "Skv", "D"));
        bool hasKeys = _found.TryGetValue(OptionalTensors.PastKeys, out FoundTensor pastKeys);
        bool hasValues = _found.TryGetValue(OptionalTensors.PastValues, out FoundTensor pastValues);
        if (hasKeys != hasValues)
        {
            (string there, string missing) = hasKeys
                ? (OptionalTensors.PastKeys, OptionalTensors.PastValues) : (OptionalTensors.PastValues, OptionalTensors.PastKeys);
            throw new InputException($"The input holds tensor '{there}' but no '{missing}', which it goes with.");
        }
        if (hasKeys)
        {
            // As in ONNX, a past has an axis of heads even where the new rows do not.
            HeadLayout layout = job.Layout == HeadLayout.Bsd ? HeadLayout.Bhsd : job.Layout;
            keys = KeyRows.Join(OptionalTensors.PastKeys, pastKeys.Heads(layout, null, Axes(layout, "Hkv", "P", "D")), "k", k);
            _joined.Add(keys);
            values = KeyRows.Join(OptionalTensors.PastValues, pastValues.Heads(layout, null, Axes(layout, "Hkv", "P", "Dv")), "v", v);
            _joined.Add(values);
            if (keys.PastRows != values.PastRows)
                throw new InputException($"Tensor '{OptionalTensors.PastKeys}' has {keys.PastRows} rows but '{OptionalTensors.PastValues}' has {values.PastRows}; they must be equal.");
            (PresentKeys, PresentValues) = (new PresentTensor(keys, layout), new PresentTensor(values, layout));
        }
        else
        {
            (keys, values) = (k, v);
        }
        bool projected = _found.ContainsKey(OptionalTensors.AdditiveW);
        var input = new AttentionInput(q, keys, values, keys.PastRows, projected);
        Input = new AttentionInput(q, keys, values, keys.PastRows, projected) { Tensors = OptionalTensors.Describe(input.Shape, _found) };
    }

    private static string Axes(HeadLayout layout, string heads, string rows, string dim) => layout switch
    {
        HeadLayout.Bhsd => $"[B, {heads}, {rows}, {dim}]",
        HeadLayout.Bshd => $"[B, {rows}, {heads}, {dim}]",
        _ => $"[B, {rows}, {heads}·{dim}]",
    };

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
}
