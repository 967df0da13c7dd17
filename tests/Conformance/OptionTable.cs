using System.Text;
using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;

namespace Distributed.Conformance.Tests;

/// <summary>
/// The table of every option in every mode, made by running each pair: a pair is honoured if a ring of blocks gives the
/// bytes of one block, and, where there are scores, the output is the values weighted by the weights that
/// <c>--qk-output weights</c> gives. (Linear attention and the delta rule are judged in tests/Engine.)
/// </summary>
internal static class OptionTable
{
    private const int Batch = 2, QueryHeads = 4, KeyHeads = 2, Rows = 12, Dim = 6, Past = 5;

    private static readonly (string Name, Func<Job, Job> Apply)[] Options =
    [
        ("`--scale`", job => job.With(options => options with { Scale = 0.3 })),
        ("`--causal top-left`", job => job.With(options => options with { Causal = CausalAlignment.TopLeft })),
        ("`--causal bottom-right`", job => job.With(options => options with { Causal = CausalAlignment.BottomRight })),
        ("`--causal OFFSET`", job => job.With(options => options with { Causal = CausalAlignment.At(3) })),
        ("`--align bottom-right`, window", job => job.With(options => options with { Align = CausalAlignment.BottomRight, Window = new SlidingWindow(3, 3) })),
        ("`--prefix`, causal", job => job.With(options => options with { Causal = CausalAlignment.TopLeft, Prefix = 4 })),
        ("`--window`", job => job.With(options => options with { Window = new SlidingWindow(4, 2) })),
        ("`--dilation`", job => job.With(options => options with { Dilation = 3 })),
        ("`--block-pairs`", job => job.With(options => options with { BlockPairs = new BlockPairs(4, 4, [(0, 0), (1, 2), (2, 1)]) })),
        ("`--global-keys`, window", job => job.With(options => options with { Window = new SlidingWindow(2, 0), GlobalKeys = 2 })),
        ("`--exclude-band`", job => job.With(options => options with { ExcludedBand = 1 })),
        ("`--documents`", job => job.With(options => options with { Documents = new PackedDocuments([0, 5, Rows], job.Cross ? [0, 9, job.Keys] : null) })),
        ("`--valid-keys`", job => job.With(options => options with { ValidKeys = [7, 10] })),
        ("tensor `mask`", job => job.Tensor("mask", FileElementType.Bool, [QueryHeads, 1, 9], 0.7)),
        ("`--softcap`", job => job.With(options => options with { Softcap = 1.5 })),
        ("`--alibi`", job => job.With(options => options with { Alibi = true })),
        ("tensor `alibi_slopes`", job => job.Tensor("alibi_slopes", FileElementType.F32, [QueryHeads], 0)),
        ("tensor `relative_bias`", job => job.Tensor("relative_bias", FileElementType.F32, [8, QueryHeads], 0)),
        ("`--relative-distance`, `relative_bias`", job => job.With(options => options with { RelativeDistance = 6 })
            .Tensor("relative_bias", FileElementType.F32, [8, QueryHeads], 0)),
        ("tensor `score_matrix`", job => job.Tensor("score_matrix", FileElementType.F32, [QueryHeads, Dim, Dim], 0)),
        ("tensor `bias`", job => job.Tensor("bias", FileElementType.F32, [Rows, 10], 0)),
        ("`--qk-norm l2 --scale`", job => job.With(options => options with { QkNorm = RowNorm.L2, Scale = 5 })),
        ("`--qk-norm rms`", job => job.With(options => options with { QkNorm = RowNorm.Rms })),
        ("`--qk-norm rms`, tensor `k_norm`", job => job.With(options => options with { QkNorm = RowNorm.Rms }).Tensor("k_norm", FileElementType.F32, [Dim], 0)),
        ("`--rope`", job => job.With(options => options with { Rotary = new RotaryOptions() })),
        ("`--rope --rope-dims --rope-pairs --rope-scaling`", job => job.With(options => options with
        {
            Rotary = new RotaryOptions { Dims = 4, Interleaved = true, Scaling = new RotaryScaling(RotaryScalingKind.Yarn, 4, 32) },
        })),
        ("`--rope`, tensor `q_positions`", job => job.With(options => options with { Rotary = new RotaryOptions() })
            .Tensor("q_positions", FileElementType.I64, [Batch, Rows], 0)),
        ("`--mechanism hard`", job => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Hard } })),
        ("`--mechanism hard --top-k`", job => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Hard, TopK = 4 } })),
        ("`--mechanism hard`, tensor `sink_logits`", job => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Hard, TopK = 3 } })
            .Tensor("sink_logits", FileElementType.F32, [QueryHeads], 0)),
        ("tensors `additive_w`, `additive_u`, `additive_v`", Additive),
        ("`additive_*`, `--mechanism hard`", job => Additive(job).With(options => options with { Mechanism = new() { Kind = MechanismKind.Hard, TopK = 4 } })),
        ("`additive_*`, `--softcap`, `--alibi`", job => Additive(job).With(options => options with { Softcap = 2, Alibi = true })),
        ("tensor `location_matrix`", job => job.Tensor("location_matrix", FileElementType.F32, [job.Keys + 2, Dim], 0)),
        ("tensor `relative_keys`", job => job.Tensor("relative_keys", FileElementType.F32, [7, Dim], 0)),
        ("tensors `relative_keys`, `content_bias`, `position_bias`", job => job.Tensor("relative_keys", FileElementType.F32, [QueryHeads, 7, Dim], 0)
            .Tensor("content_bias", FileElementType.F32, [QueryHeads, Dim], 0).Tensor("position_bias", FileElementType.F32, [QueryHeads, Dim], 0)),
        ("tensor `relative_queries`", job => job.Tensor("relative_queries", FileElementType.F32, [QueryHeads, 7, Dim], 0)),
        ("tensors `relative_keys`, `relative_queries`", job => job.Tensor("relative_keys", FileElementType.F32, [7, Dim], 0)
            .Tensor("relative_queries", FileElementType.F32, [5, Dim], 0)),
        ("`--mechanism linear`", job => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Linear } })),
        ("`--mechanism linear --feature-map identity`", job => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Linear, FeatureMap = FeatureMap.Identity } })),
        ("`--mechanism linear --normalise none`", job => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Linear, Normalised = false } })),
        ("`--mechanism linear`, tensor `mask`", job => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Linear } })
            .Tensor("mask", FileElementType.Bool, [QueryHeads, 1, 9], 0.7)),
        ("`--mechanism linear --qk-norm l2`", job => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Linear }, QkNorm = RowNorm.L2 })),
        ("`--mechanism linear --softcap`", job => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Linear }, Softcap = 2 })),
        ("`--mechanism delta`, tensor `beta`", job => Delta(job)),
        ("`--mechanism delta --feature-map relu --feature-sums`", job => Delta(job).With(options => options with { Mechanism = options.Mechanism with { FeatureMap = FeatureMap.Relu, FeatureSums = true } })),
        ("tensor `sink_logits`", job => job.Tensor("sink_logits", FileElementType.F32, [QueryHeads], 0)),
    ];

    private static Job Delta(Job job) => job.With(options => options with { Mechanism = new() { Kind = MechanismKind.Delta }, QkNorm = RowNorm.L2 })
        .Tensor("beta", FileElementType.F32, [Batch, KeyHeads, job.Keys], 0);

    private static Job Additive(Job job) => job.Tensor("additive_w", FileElementType.F32, [QueryHeads, 5, Dim], 0)
        .Tensor("additive_u", FileElementType.F32, [5, Dim], 0).Tensor("additive_v", FileElementType.F32, [5], 0);

    private static readonly (string Name, Func<Job, Job> Apply)[] Modes =
    [
        ("self", job => job),
        ("cross", job => job with { NewKeys = Rows + 7 }),
        ("past", job => job with { HasPast = true }),
        ("causal", job => job.With(options => options with { Causal = CausalAlignment.BottomRight })),
        ("window", job => job.With(options => options with { Window = new SlidingWindow(6, 6) })),
        ("documents", job => job.With(options => options with { Documents = new PackedDocuments([0, 4, Rows]) })),
        ("bsd", job => job with { Layout = HeadLayout.Bsd }),
        ("f16 in, bf16 out", job => job with { Type = ElementType.F16, OutputType = ElementType.BF16 }),
    ];

    /// <summary>The table as Markdown, with the reasons of what is refused below it.</summary>
    public static async Task<string> MakeAsync(string folder)
    {
        var table = new StringBuilder();
        var reasons = new List<string>();
        table.AppendLine($"| | {string.Join(" | ", Modes.Select(mode => mode.Name))} |");
        table.AppendLine($"|---|{string.Concat(Modes.Select(_ => "---|"))}");
        foreach ((string option, Func<Job, Job> ask) in Options)
        {
            table.Append($"| {option} |");
            foreach ((string mode, Func<Job, Job> put) in Modes)
            {
                try
                {
                    // The mode comes first, since an option can depend on it (documents of the keys) and goes before it.
                    await CheckAsync(ask(put(new Job())), folder, $"{option}, {mode}");
                    table.Append(" yes |");
                }
                catch (InputException refused)
                {
                    if (!reasons.Contains(refused.Message))
                        reasons.Add(refused.Message);
                    table.Append($" refused ({reasons.IndexOf(refused.Message) + 1}) |");
                }
            }
            table.AppendLine();
        }
        table.AppendLine();
        for (int i = 0; i < reasons.Count; i++)
            table.AppendLine($"{i + 1}. {reasons[i]}");
        return table.ToString().TrimEnd();
    }

    /// <summary>
    /// What each option does on a device: it is honoured if the device, and no fallback, gives the bytes of the CPU.
    /// </summary>
    /// <param name="folder">For the files.</param>
    /// <param name="device">The device.</param>
    public static async Task<string> MakeForDeviceAsync(string folder, DeviceChoice device)
    {
        var table = new StringBuilder();
        table.AppendLine("| | on a device |");
        table.AppendLine("|---|---|");
        string input = Path.Combine(folder, "in.safetensors"), here = Path.Combine(folder, "here.safetensors"), there = Path.Combine(folder, "there.safetensors");
        foreach ((string option, Func<Job, Job> ask) in Options)
        {
            // One span: the fewer folds there are, the sooner a device that is only emulated has done them.
            Job job = ask(new Job()).With(options => options with { SpanRows = Rows });
            job.Write(input);
            FileJobSpecification specification = job.Specification(input, here) with { QkOutput = null };
            try
            {
                await FileJob.RunAsync(specification with { Options = specification.Options with { Device = DeviceChoice.Cpu } });
                JobReport report = await FileJob.RunAsync(specification with { Output = there, Options = specification.Options with { Device = device } });
                Assert.True(report.Device is { Folds: > 0, Failures: 0, PassedOn: 0 }, $"{option}: the device did {report.Device}.");
                using TensorFile expected = TensorFile.Open(here), actual = TensorFile.Open(there);
                Assert.True(Read(expected, "o").AsSpan().SequenceEqual(Read(actual, "o")), $"{option}: the device gives other numbers than the CPU.");
                table.AppendLine($"| {option} | yes |");
            }
            catch (InputException refused)
            {
                table.AppendLine($"| {option} | refused: {refused.Message} |");
            }
        }
        return table.ToString().TrimEnd();
    }

    private static async Task CheckAsync(Job job, string folder, string what)
    {
        string input = Path.Combine(folder, "in.safetensors"), one = Path.Combine(folder, "one.safetensors"), ring = Path.Combine(folder, "ring.safetensors");
        float[] values = job.Write(input);
        FileJobSpecification specification = job.Specification(input, one);
        await FileJob.RunAsync(specification);
        await FileJob.RunAsync(specification with { Output = ring, Options = specification.Options with { Blocks = 3, Threads = 2 } });
        Assert.True(File.ReadAllBytes(one).AsSpan().SequenceEqual(File.ReadAllBytes(ring)), $"{what}: a ring of three blocks gives other bytes.");

        if (!job.HasScores)
            return;
        using TensorFile file = TensorFile.Open(one);
        float[] output = Read(file, "o"), weights = Read(file, "qk");
        double rounding = job.OutputType == ElementType.F32 ? 1e-6 : 1.0 / 64;
        for (int row = 0; row < Batch * QueryHeads * Rows; row++)
        {
            int batch = row / Rows / QueryHeads, head = row / Rows % QueryHeads, query = row % Rows;
            for (int c = 0; c < Dim; c++)
            {
                double expected = 0;
                for (int key = 0; key < job.Keys; key++)
                    expected += (double)weights[row * job.Keys + key] * values[((batch * KeyHeads + head / (QueryHeads / KeyHeads)) * job.Keys + key) * Dim + c];
                int at = job.Layout == HeadLayout.Bhsd ? row * Dim + c : ((batch * Rows + query) * QueryHeads + head) * Dim + c;
                Assert.True(Math.Abs(expected - output[at]) <= rounding, $"{what}: output [{row}, {c}] is {output[at]}, its weights give {expected}.");
            }
        }
    }

    private static float[] Read(TensorFile file, string name)
    {
        var numbers = new float[file.Find(name)!.ElementCount];
        file.Map(name).ReadF32(0, numbers);
        return numbers;
    }

    private sealed record Job
    {
        public AttentionOptions Options { get; init; } = new() { SpanRows = 4, Threads = 1 };

        public HeadLayout Layout { get; init; }

        public ElementType Type { get; init; }

        public ElementType OutputType { get; init; }

        public int NewKeys { get; init; } = Rows;

        public bool HasPast { get; init; }

        public IReadOnlyList<(string Name, FileElementType Type, long[] Shape, double Share)> Extra { get; init; } = [];

        public bool HasScores => Options.Mechanism.Kind is MechanismKind.Softmax or MechanismKind.Hard;

        public bool Cross => NewKeys != Rows;

        public int Keys => NewKeys + (HasPast ? Past : 0);

        public Job With(Func<AttentionOptions, AttentionOptions> change) => this with { Options = change(Options) };

        public Job Tensor(string name, FileElementType type, long[] shape, double share) => this with { Extra = [.. Extra, (name, type, shape, share)] };

        public FileJobSpecification Specification(string input, string output) => new()
        {
            Inputs = TensorPaths.InOneFile(input),
            Output = output,
            Layout = Layout,
            Heads = Layout == HeadLayout.Bsd ? (QueryHeads, KeyHeads) : null,
            OutputType = OutputType,
            QkOutput = HasScores ? ScoreKind.Weights : null,
            Ignore = Extra.Any(extra => extra.Name == "location_matrix") ? ["k"] : [],
            Options = Options,
        };

        /// <summary>Writes the input and tells the values [batch, head, key, dim], past ones first.</summary>
        public float[] Write(string path)
        {
            var tensors = new List<(string Name, int Heads, int Rows)> { ("q", QueryHeads, Rows), ("k", KeyHeads, NewKeys), ("v", KeyHeads, NewKeys) };
            if (HasPast)
                tensors.AddRange([("past_k", KeyHeads, Past), ("past_v", KeyHeads, Past)]);
            var specs = tensors.Select(t => new TensorSpec(t.Name, Type, Shape(t.Name, t.Heads, t.Rows))).ToList();
            specs.AddRange(Extra.Select(extra => new TensorSpec(extra.Name, extra.Type, extra.Shape)));
            var random = new Random(3);
            var values = new float[Batch * KeyHeads * Keys * Dim];
            using TensorFileWriter writer = TensorFileWriter.Create(path, specs);
            foreach ((string name, int heads, int rows) in tensors)
            {
                for (int i = 0; i < Batch * heads * rows * Dim; i++)
                {
                    float number = (float)(Half)(random.NextSingle() * 2 - 1);
                    int dim = i % Dim, row = i / Dim % rows, head = i / Dim / rows % heads, batch = i / Dim / rows / heads;
                    bool turned = Layout == HeadLayout.Bsd && !name.StartsWith("past", StringComparison.Ordinal);
                    writer[name].Write(turned ? ((batch * rows + row) * heads + head) * Dim + dim : i, [number]);
                    int key = row + (name == "v" && HasPast ? Past : 0);
                    if (name is "v" or "past_v")
                        values[((batch * KeyHeads + head) * Keys + key) * Dim + dim] = number;
                }
            }
            foreach (var more in Extra)
            {
                long count = more.Shape.Aggregate((a, b) => a * b);
                for (long i = 0; i < count; i++)
                {
                    if (more.Type == FileElementType.Bool)
                        writer[more.Name].WriteBytes(i, [(byte)(random.NextDouble() < more.Share ? 1 : 0)]);
                    else if (more.Type == FileElementType.I64)
                        writer[more.Name].Write(i, [(long)random.Next(-20, 200)]);
                    else
                        writer[more.Name].Write(i, [random.NextSingle()]);
                }
            }
            writer.Commit();
            return values;
        }

        private long[] Shape(string name, int heads, int rows) =>
            Layout == HeadLayout.Bsd && !name.StartsWith("past", StringComparison.Ordinal) ? [Batch, rows, heads * Dim] : [Batch, heads, rows, Dim];
    }
}
