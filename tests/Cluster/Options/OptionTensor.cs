using Distributed.Engine.Files;

namespace Distributed.Cluster.Tests.Options;

/// <summary>A tensor of an input: random, or with the numbers that it needs to be good.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Extents">Its extents.</param>
/// <param name="Numbers">For whole numbers: the numbers; empty = random ones.</param>
internal sealed record OptionTensor(string Name, FileElementType Type, IReadOnlyList<long> Extents, params long[] Numbers)
{
    private const double Seen = 0.6;
    private const int AtOnce = 4096;

    /// <summary>Rates beyond 0 to 1 make the memory of the delta rule swing out.</summary>
    private const string Rates = "beta";

    public void Write(TensorWriter to, Random random)
    {
        long count = Extents.Aggregate((a, b) => a * b);
        for (long at = 0; at < count; at += AtOnce)
        {
            int length = (int)Math.Min(AtOnce, count - at);
            switch (Type)
            {
                case FileElementType.Bool:
                    to.WriteBytes(at, [.. Fill(length, () => (byte)(random.NextDouble() < Seen ? 1 : 0))]);
                    break;
                case FileElementType.I64:
                    to.Write(at, Numbers.Length > 0 ? Numbers.AsSpan((int)at, length) : [.. Fill(length, () => random.NextInt64(20_000))]);
                    break;
                case var _ when Name == Rates:
                    to.Write(at, [.. Fill(length, random.NextSingle)]);
                    break;
                default:
                    to.Write(at, [.. Fill(length, () => random.NextSingle() * 4 - 2)]);
                    break;
            }
        }
    }

    private static IEnumerable<T> Fill<T>(int count, Func<T> next) => Enumerable.Range(0, count).Select(_ => next());
}
