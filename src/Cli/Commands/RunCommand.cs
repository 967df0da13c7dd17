using System.CommandLine;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Cli.Commands;

/// <summary><c>attend run</c>: tensors in, attention out.</summary>
internal static class RunCommand
{
    private static readonly Argument<string?> Input = new("input")
    {
        Description = "File with tensors q [B,Hq,Sq,D], k [B,Hkv,Skv,D] and v [B,Hkv,Skv,Dv]: .safetensors or .npz.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Q = Parsers.Of<string?>("--q", "FILE", "File of q, with --k and --v, instead of INPUT: .npy or any tensor file.", text => text);
    private static readonly Option<string?> K = Parsers.Of<string?>("--k", "FILE", "File of k.", text => text);
    private static readonly Option<string?> V = Parsers.Of<string?>("--v", "FILE", "File of v.", text => text);

    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "File to write o [B,Hq,Sq,Dv] to: .safetensors, or .npy without --lse.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<HeadLayout> Layout = Parsers.Of(
        "--layout", "bhsd|bshd", "Order of the axes: batch, head, sequence, dim. [default: bhsd]", Parsers.Layout);

    private static readonly Option<double?> Scale = Parsers.Of(
        "--scale", "F", "Factor on q·k. [default: 1/√D]", Parsers.Number("Scale"));

    private static readonly Option<CausalAlignment?> Causal = Parsers.Of<CausalAlignment?>(
        "--causal", "top-left|bottom-right|OFFSET",
        "Hide keys behind a query's own position. Query i stands at key i + offset: 0 for top-left (also without a " +
        "value), Skv - Sq for bottom-right.",
        text => CausalAlignment.Parse(text));

    private static readonly Option<SlidingWindow?> Window = Parsers.Of<SlidingWindow?>(
        "--window", "LEFT,RIGHT",
        "See only so many keys left and right of a query's position; -1 = no bound. --causal fixes the position, else " +
        "query i stands at key i.",
        text => SlidingWindow.Parse(text));

    private static readonly Option<bool> Lse = new("--lse")
    {
        Description = "Also write lse [B,Hq,Sq]: ln of the sum of exponentials of each row's scores (F32).",
    };

    private static readonly Option<ElementType> Type = Parsers.Of(
        "--dtype", "f32|f16|bf16", "Element type of o. [default: f32]", Parsers.Type);

    private static readonly Option<string[]> Ignore = new("--ignore")
    {
        Description = "A tensor of the input to leave out; any other unknown one is refused. May be repeated.",
        HelpName = "NAME",
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "run",
            "Computes softmax(scale · q kᵀ) v exactly.\n\nExamples:\n" +
            "  attend run qkv.safetensors -o out.safetensors --causal --lse\n" +
            "  attend run --q q.npy --k k.npy --v v.npy -o o.npy --window 4096,0 --dtype f16")
        {
            Input, Q, K, V, Output, Layout, Scale, Causal, Window, Lse, CommonOptions.Blocks, CommonOptions.Threads, Type, Ignore, CommonOptions.Json,
        };
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        FileJobSpecification job = Specification(parsed);
        JobReport report = await ProgressDisplay.RunAsync(
            "attention", show: true, progress => FileJob.RunAsync(job, progress, cancellation));
        if (parsed.GetValue(CommonOptions.Json))
        {
            using Stream to = Console.OpenStandardOutput();
            RunReport.WriteJson(to, job, report);
        }
        else
        {
            RunReport.WriteText(Console.Out, job, report);
        }
    }

    private static FileJobSpecification Specification(ParseResult parsed) => new()
    {
        Inputs = Inputs(parsed),
        Output = parsed.GetRequiredValue(Output),
        Layout = parsed.GetValue(Layout),
        OutputType = parsed.GetValue(Type),
        WithLogSumExp = parsed.GetValue(Lse),
        Ignore = parsed.GetValue(Ignore) ?? [],
        Options = new AttentionOptions
        {
            Scale = parsed.GetValue(Scale),
            Causal = parsed.GetValue(Causal),
            Window = parsed.GetValue(Window),
            Blocks = parsed.GetValue(CommonOptions.Blocks) ?? 1,
            Threads = parsed.GetValue(CommonOptions.Threads) ?? Environment.ProcessorCount,
        },
    };

    private static TensorPaths Inputs(ParseResult parsed)
    {
        string? input = parsed.GetValue(Input), q = parsed.GetValue(Q), k = parsed.GetValue(K), v = parsed.GetValue(V);
        if (input is not null)
        {
            return q is null && k is null && v is null
                ? TensorPaths.InOneFile(input)
                : throw new InputException($"Input '{input}' and --q, --k, --v exclude one another; give one file or all three.");
        }
        return q is not null && k is not null && v is not null
            ? TensorPaths.Separate(q, k, v)
            : throw new InputException("There is no input: give one file that holds q, k and v, or --q, --k and --v.");
    }
}
