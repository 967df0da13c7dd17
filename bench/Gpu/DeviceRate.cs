namespace Distributed.Gpu.Benchmarks;

/// <summary>What was measured of one shape.</summary>
/// <param name="Type">Element type.</param>
/// <param name="Dim">Elements of keys and values.</param>
/// <param name="Rows">Queries and keys.</param>
/// <param name="Heads">Heads.</param>
/// <param name="Causal">Whether a causal mask was there.</param>
/// <param name="Kernel">The kernel.</param>
/// <param name="Error">Largest error of a smaller problem against the CPU, relative to the largest output; checked before timing.</param>
/// <param name="Right">Whether that error is within what the kernel promises.</param>
/// <param name="Seconds">Best of the rounds, spans on the device already, rows and states copied there and back.</param>
/// <param name="TflopsWithCopies">4 · D operations for every pair seen, over those seconds.</param>
/// <param name="Tflops">The same over the kernel's share: what nine times the keys take more, by eight.</param>
/// <param name="ShareOfMultiplyAddPeak">Tflops over the device's F32 multiply-add rate; null where that is not known.</param>
internal sealed record DeviceRate(
    string Type, int Dim, int Rows, int Heads, bool Causal, string Kernel, double Error, bool Right, double Seconds, double TflopsWithCopies,
    double Tflops, double? ShareOfMultiplyAddPeak);
