using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Exact;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>
/// The row tiles of a pass and their steps, with the mask words and biases that they need, written where the device takes them
/// from. A row tile skips what none of its rows sees.
/// </summary>
internal sealed unsafe class TileSteps
{
    private const double Log2E = 1.44269504088896340736;

    private readonly List<RowTile> _tiles = [];
    private readonly List<FoldStep> _steps = [];
    private readonly Dictionary<(long Row, int Head, int Batch, int Span), int> _words = [];
    private readonly Dictionary<(nint Data, long RowStride, int Rows, int Keys, bool Masked), int> _biases = [];
    private readonly FoldSizes _sizes;
    private readonly DeviceFold _fold;
    private readonly StepWalk.Pass _pass;
    private readonly Func<DeviceSpan, int> _slotOf;

    /// <summary>Lays a pass out.</summary>
    /// <param name="sizes">The job's sizes.</param>
    /// <param name="fold">The work.</param>
    /// <param name="pass">The pass.</param>
    /// <param name="slotOf">The slot of a span.</param>
    public TileSteps(FoldSizes sizes, DeviceFold fold, StepWalk.Pass pass, Func<DeviceSpan, int> slotOf)
    {
        (_sizes, _fold, _pass, _slotOf) = (sizes, fold, pass, slotOf);
        foreach ((DeviceUnit unit, DeviceStep step) in Steps())
        {
            if (step.Partial && _words.TryAdd(WordsOf(step.Tile), Words))
                Words += FoldSizes.Up(step.Tile.Queries.Count, sizes.Rows) * WordStride(step.Tile.Keys.Count);
            if (step.Bias.Data is not null && _biases.TryAdd(BiasOf(step), Biases))
                Biases += BiasNumbers(step);
        }
    }

    /// <summary>Row tiles, those with the most keys first.</summary>
    public IReadOnlyList<RowTile> Tiles => _tiles;

    /// <summary>Steps of all of them.</summary>
    public IReadOnlyList<FoldStep> AllSteps => _steps;

    /// <summary>Mask words, of 32 keys each.</summary>
    public int Words { get; }

    /// <summary>Numbers of biases.</summary>
    public int Biases { get; }

    /// <summary>(query, key) pairs seen.</summary>
    public long PairsSeen { get; private set; }

    /// <summary>Writes words and biases, and makes the row tiles.</summary>
    /// <param name="words">Room for <see cref="Words"/>.</param>
    /// <param name="biases">Room for <see cref="Biases"/>.</param>
    /// <param name="relativeOf">First number of a unit's relative biases on the device.</param>
    /// <returns>False when a bias that is seen is NaN or infinite.</returns>
    public bool TryWrite(Span<int> words, Span<float> biases, Func<DeviceUnit, int> relativeOf)
    {
        WriteWords(words);
        if (!TryWriteBiases(biases))
            return false;
        int firstTile = 0;
        for (int u = 0; u < _fold.Units.Count; u++)
        {
            DeviceUnit unit = _fold.Units[u];
            int tiles = _sizes.TilesOf(unit);
            (int first, int count) = _pass.Steps[u].GetOffsetAndLength(unit.Steps.Count);
            var biasAt = new int[count];
            for (int i = 0; i < count; i++)
            {
                DeviceStep step = unit.Steps[first + i];
                PairsSeen += step.Partial ? Seen(words, step) : (long)step.Tile.Queries.Count * step.Tile.Keys.Count;
                biasAt[i] = step.Bias.Data is null ? -1 : _biases[BiasOf(step)];
            }
            for (int t = 0; t < tiles; t++)
            {
                var tile = new RowTile
                {
                    Index = firstTile + t,
                    FirstStep = _steps.Count,
                    Slope = unit.Stage is { Slope: not 0 } sloped ? (float)(-(double)sloped.Slope * Log2E) : 0f,
                    Relative = relativeOf(unit),
                    Rows = Math.Min(_sizes.Rows, unit.State.Rows - t * _sizes.Rows),
                    Unit = u,
                };
                for (int i = 0; i < count; i++)
                    tile.Work += AddStep(unit.Steps[first + i], t * _sizes.Rows, words, biasAt[i]);
                tile.EndStep = _steps.Count;
                if (tile.EndStep > tile.FirstStep)
                    _tiles.Add(tile);
            }
            firstTile += tiles;
        }
        _tiles.Sort((a, b) => b.Work.CompareTo(a.Work) is not 0 and var more ? more : a.Index.CompareTo(b.Index));
        return true;
    }

    private IEnumerable<(DeviceUnit, DeviceStep)> Steps()
    {
        for (int u = 0; u < _fold.Units.Count; u++)
        {
            (int first, int count) = _pass.Steps[u].GetOffsetAndLength(_fold.Units[u].Steps.Count);
            for (int i = first; i < first + count; i++)
                yield return (_fold.Units[u], _fold.Units[u].Steps[i]);
        }
    }

    private void WriteWords(Span<int> words)
    {
        var written = new HashSet<int>();
        foreach ((_, DeviceStep step) in Steps())
        {
            if (!step.Partial || !written.Add(_words[WordsOf(step.Tile)]))
                continue;
            Span<int> of = WordsFor(words, step);
            of.Clear();
            fixed (int* start = of)
            {
                var mask = new MaskWords((ulong*)start, step.Tile.Queries.Count, step.Tile.Keys.Count);
                mask.SetAll();
                _fold.Masks.Apply(step.Tile, mask);
            }
        }
    }

    /// <returns>Keys of the step; 0 when no row of the tile sees any.</returns>
    private int AddStep(in DeviceStep step, int firstRow, Span<int> words, int bias)
    {
        int keys = step.Tile.Keys.Count, first = 0, end = keys, at = -1, rows = Math.Min(_sizes.Rows, step.Tile.Queries.Count - firstRow);
        if (step.Partial)
        {
            int stride = WordStride(keys);
            at = _words[WordsOf(step.Tile)] + firstRow * stride;
            (first, end) = SeenRange(words.Slice(at, rows * stride), stride);
            if (end == 0)
                return 0;
            if (AllSet(words.Slice(at, rows * stride), stride, keys))
                at = -1;
        }
        _steps.Add(new FoldStep
        {
            Slot = _slotOf(step.Span),
            Keys = keys,
            FirstKey = first / Cpu.Arithmetic.ChunkKeys * Cpu.Arithmetic.ChunkKeys,
            EndKey = end,
            Words = at,
            Bias = bias < 0 ? -1 : bias + (step.Bias.RowStride == 0 ? 0 : firstRow * keys),
            BiasStride = step.Bias.RowStride == 0 ? 0 : keys,
            KeyPosition = checked((int)step.Tile.Keys.Start),
        });
        return end - first;
    }

    private Span<int> WordsFor(Span<int> words, in DeviceStep step) =>
        words.Slice(_words[WordsOf(step.Tile)], FoldSizes.Up(step.Tile.Queries.Count, _sizes.Rows) * WordStride(step.Tile.Keys.Count));

    private (long, int, int, int) WordsOf(in MaskTile tile) => (
        tile.Queries.Start, _fold.Masks.VariesByHead ? tile.QueryHead : 0, _fold.Masks.VariesByBatch ? tile.Batch : 0,
        checked((int)(tile.Keys.Start / Math.Max(1, _sizes.Shape.SpanRows))));

    private long Seen(Span<int> words, in DeviceStep step)
    {
        long count = 0;
        foreach (int word in WordsFor(words, step))
            count += BitOperations.PopCount((uint)word);
        return count;
    }

    private static (int First, int End) SeenRange(ReadOnlySpan<int> words, int stride)
    {
        int first = int.MaxValue, end = 0;
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] == 0)
                continue;
            int key = i % stride * 32;
            first = Math.Min(first, key + BitOperations.TrailingZeroCount(words[i]));
            end = Math.Max(end, key + 32 - BitOperations.LeadingZeroCount((uint)words[i]));
        }
        return (end == 0 ? 0 : first, end);
    }

    private static bool AllSet(ReadOnlySpan<int> words, int stride, int keys)
    {
        for (int row = 0; row < words.Length; row += stride)
        {
            for (int key = 0; key < keys; key += 32)
            {
                int expected = keys - key >= 32 ? -1 : (1 << (keys - key)) - 1;
                if (words[row + key / 32] != expected)
                    return false;
            }
        }
        return true;
    }

    /// <summary>Heads that share a bias share what is brought to the device.</summary>
    private bool TryWriteBiases(Span<float> biases)
    {
        var written = new HashSet<int>();
        foreach ((_, DeviceStep step) in Steps())
        {
            if (step.Bias.Data is null || !written.Add(_biases[BiasOf(step)]))
                continue;
            if (!TryWriteBias(step, step.Partial, biases[_biases[BiasOf(step)]..]))
                return false;
        }
        return true;
    }

    private static (nint, long, int, int, bool) BiasOf(in DeviceStep step) =>
        ((nint)step.Bias.Data, step.Bias.RowStride, step.Tile.Queries.Count, step.Tile.Keys.Count, step.Partial);

    private static bool TryWriteBias(in DeviceStep step, bool masked, Span<float> to)
    {
        int keys = step.Tile.Keys.Count, rows = step.Bias.RowStride == 0 ? 1 : step.Tile.Queries.Count, there = Math.Min(keys, step.Bias.Keys);
        for (int row = 0; row < rows; row++)
        {
            byte* from = step.Bias.Data + row * step.Bias.RowStride;
            Span<float> numbers = to.Slice(row * keys, keys);
            Widen(from, step.Bias.Type, numbers[..there]);
            numbers[there..].Clear();
            // What is -infinite is hidden by the mask and not looked at.
            if (masked ? TensorPrimitives.IsNaNAny<float>(numbers) || TensorPrimitives.IsPositiveInfinityAny<float>(numbers) : !TensorPrimitives.IsFiniteAll<float>(numbers))
                return false;
        }
        return true;
    }

    private static void Widen(byte* from, ElementType type, Span<float> to)
    {
        switch (type)
        {
            case ElementType.F32:
                new ReadOnlySpan<float>(from, to.Length).CopyTo(to);
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(from, to.Length), to);
                break;
            default:
                // The upper half of an F32 is its BF16.
                Span<uint> bits = MemoryMarshal.Cast<float, uint>(to);
                TensorPrimitives.ConvertTruncating<ushort, uint>(new ReadOnlySpan<ushort>(from, to.Length), bits);
                TensorPrimitives.ShiftLeft<uint>(bits, 16, bits);
                break;
        }
    }

    private int BiasNumbers(in DeviceStep step) =>
        step.Tile.Keys.Count * (step.Bias.RowStride == 0 ? 1 : FoldSizes.Up(step.Tile.Queries.Count, _sizes.Rows));

    private static int WordStride(int keys) => MaskWords.WordsFor(keys) * 2;
}
