using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Rows;

/// <summary>
/// Rotary position embedding (Su et al., "RoFormer", 2021): element pairs of a row are turned by its position times a
/// frequency. Angles are worked out in float64 from the absolute position alone, so a row comes out the same in whatever
/// company it is prepared.
/// </summary>
public sealed class RotaryEmbedding
{
    // A position is 64 h + l: the turn by it is the one by 64 h, kept from row to row, times the one by l, kept for good.
    private const int Low = 64;

    private readonly double[] _frequencies;
    private readonly double[] _low;
    private readonly double _factor;
    private readonly bool _interleaved;

    /// <summary>An embedding.</summary>
    /// <param name="frequencies">Radians per position of each pair; twice as many elements of a row are turned, the first ones.</param>
    /// <param name="factor">What turned elements are multiplied by (YaRN's attention factor); 1 otherwise.</param>
    /// <param name="interleaved">
    /// Pairs are (0, 1), (2, 3), … as in RoFormer; otherwise element i goes with the one half of the turned part behind it,
    /// as in GPT-NeoX and Llama's public weights.
    /// </param>
    public RotaryEmbedding(IReadOnlyList<double> frequencies, double factor, bool interleaved)
    {
        _frequencies = [.. frequencies];
        _factor = factor;
        _interleaved = interleaved;
        _low = new double[Low * 2 * Pairs];
        for (int l = 0; l < Low; l++)
            Turns(l, _low.AsSpan(l * 2 * Pairs, 2 * Pairs));
    }

    /// <summary>Pairs of elements that are turned.</summary>
    public int Pairs => _frequencies.Length;

    /// <summary>Room for the turns kept from row to row.</summary>
    public Turning Begin() => new(this);

    private void Turns(double position, Span<double> turns)
    {
        for (int i = 0; i < Pairs; i++)
            (turns[2 * i + 1], turns[2 * i]) = Math.SinCos(position * _frequencies[i]);
    }

    /// <summary>Turns rows one after the other; for one thread.</summary>
    public ref struct Turning
    {
        private readonly RotaryEmbedding _embedding;
        private readonly double[] _high;
        private long _highOf;

        internal Turning(RotaryEmbedding embedding)
        {
            _embedding = embedding;
            _high = new double[2 * embedding.Pairs];
            _highOf = long.MinValue;
        }

        /// <summary>Turns a row in place.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Turn(Span<float> row, long position)
        {
            long high = position >> 6;
            if (high != _highOf)
            {
                _embedding.Turns(high * (double)Low, _high);
                _highOf = high;
            }
            int pairs = _embedding.Pairs;
            ReadOnlySpan<double> low = _embedding._low.AsSpan((int)(position & (Low - 1)) * 2 * pairs, 2 * pairs);
            for (int i = 0; i < pairs; i++)
            {
                (double c1, double s1, double c2, double s2) = (_high[2 * i], _high[2 * i + 1], low[2 * i], low[2 * i + 1]);
                double cos = (c1 * c2 - s1 * s2) * _embedding._factor, sin = (s1 * c2 + c1 * s2) * _embedding._factor;
                (int a, int b) = _embedding._interleaved ? (2 * i, 2 * i + 1) : (i, i + pairs);
                (double x, double y) = (row[a], row[b]);
                (row[a], row[b]) = ((float)(x * cos - y * sin), (float)(x * sin + y * cos));
            }
        }
    }
}
