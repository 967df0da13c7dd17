using System.CommandLine;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Engine.Analytics;

namespace Distributed.Cli.Commands;

/// <summary><c>attend rollout</c>: attention through a stack of layers.</summary>
internal static class RolloutCommand
{
    private static readonly Argument<string[]> Layers = new("layers")
    {
        Description = "Outputs of attend run --analytics pooled:N, one for each layer, the first layer first.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "File to write rollout [B,P,N,N] to: .safetensors or .npy.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<double?> Residual = Parsers.Of(
        "--residual", "F", "Share of the residual connection in each layer, 0 to 1. [default: 0.5]", Parsers.Number("Residual"));

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "rollout",
            "Attention rollout (Abnar and Zuidema, 2020) over the pooled matrices of a stack of layers.\n\nExample:\n" +
            "  attend rollout layer0.safetensors layer1.safetensors layer2.safetensors -o rollout.safetensors")
        {
            Layers, Output, Residual,
        };
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() =>
        {
            string output = parsed.GetRequiredValue(Output);
            (int batch, int planes, int cells, int rows) = Rollout.Write(
                parsed.GetRequiredValue(Layers), output, parsed.GetValue(Residual) ?? 0.5, cancellation);
            Console.WriteLine($"wrote     {output}");
            Console.WriteLine($"rollout   [{batch}, {planes}, {cells}, {cells}], cells of {rows} rows");
            return Task.CompletedTask;
        }));
        return command;
    }
}
