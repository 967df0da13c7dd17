using System.Globalization;

namespace Distributed.Gpu.Benchmarks;

/// <summary>What the kernels are to reach on an H200 (16,384 rows, heads of 128), and what was measured.</summary>
/// <param name="What">What is to be reached.</param>
/// <param name="Least">At least how much.</param>
/// <param name="Measured">What was measured; null = a number that it takes is not known of this device.</param>
/// <param name="Met">Whether that is enough.</param>
internal sealed record Goal(string What, double Least, double? Measured, bool Met)
{
    /// <summary>For people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{What}: {(Measured is { } measured ? measured.ToString("0.###", CultureInfo.InvariantCulture) : "not known")}, at least {Least} wanted: {(Met ? "met" : "not met")}");

    /// <summary>Holds rates to the goals.</summary>
    public static IReadOnlyList<Goal> Of(IReadOnlyList<DeviceRate> rates)
    {
        DeviceRate f32 = Find(rates, "f32", false), full = Find(rates, "bf16", false), causal = Find(rates, "bf16", true);
        return
        [
            Held("F32, share of the multiply-add peak", 0.6, f32.ShareOfMultiplyAddPeak),
            Held("BF16, TFLOP/s", 300, full.Tflops),
            Held("BF16 causal, share of the rate without a mask", 0.75, causal.Tflops / full.Tflops),
        ];
    }

    private static Goal Held(string what, double least, double? measured) => new(what, least, measured, measured >= least);

    private static DeviceRate Find(IReadOnlyList<DeviceRate> rates, string type, bool causal) => rates.Single(rate => rate.Type == type && rate.Dim == 128 && rate.Causal == causal);
}
