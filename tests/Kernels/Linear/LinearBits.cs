using Distributed.Kernels.Linear;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Tests.Linear;

/// <summary>A little of everything that linear attention and the delta rule are made of, for comparing bits.</summary>
internal static unsafe class LinearBits
{
    private const int Keys = 50, Rows = 23, Dim = 37, ValueDim = 70;

    /// <summary>Outputs of sums, masked products and the delta rule on the same rows.</summary>
    public static float[] All(FeatureMap map)
    {
        int padded = FeatureRows.Padded(Dim), columns = FeatureRows.Padded(ValueDim), chunk = FeatureSums.ChunkKeys;
        using NativeBuffer keys = Numbers(1, Keys * Dim), values = Numbers(2, Keys * ValueDim), queries = Numbers(3, Rows * Dim),
            k = Room(Keys * padded), v = Room(Keys * columns), q = Room(Rows * padded), sums = Room((int)FeatureSums.FloatsFor(Dim, ValueDim)),
            output = Room(Rows * columns), denominators = Room(Rows), turned = Room((int)MaskedProducts.TurnedFloats(Dim)),
            weights = Room(chunk * chunk), memory = Room(Dim * columns), read = Room(Keys * columns);
        FeatureRows.Map(TensorRows.Dense(keys.Floats, Keys, Dim), map, sums: true, k.Floats);
        FeatureRows.Map(TensorRows.Dense(queries.Floats, Rows, Dim), map, sums: false, q.Floats);
        FeatureRows.Copy(TensorRows.Dense(values.Floats, Keys, ValueDim), v.Floats, columns);
        var of = new FeatureSums(sums.Floats, Dim, ValueDim);
        of.AddKeys(k.Floats, v.Floats, columns, Keys);
        of.Apply(q.Floats, Rows, output.Floats, denominators.Floats);
        ulong* words = stackalloc ulong[Rows];
        var mask = new MaskWords(words, Rows, Keys);
        for (int row = 0; row < Rows; row++)
            mask.Row(row)[0] = 0x123456789ABCDUL >> row % 7;
        MaskedProducts.Turn(k.Floats, Keys, Dim, turned.Floats);
        MaskedProducts.Weights(q.Floats, turned.Floats, Dim, mask, weights.Floats);
        MaskedProducts.AddSums(weights.Floats, Rows, denominators.Floats);
        MaskedProducts.AddValues(weights.Floats, v.Floats, columns, finite: true, columns, mask, output.Floats);
        OutputRows.Divide(output.Floats, Rows, ValueDim, denominators.Floats);

        float[] rates = [.. Enumerable.Repeat(0.25f, Keys)];
        var delta = new KeyMemory(memory.Floats, Dim, columns);
        DeltaChunk.Triangle(k.Floats, turned.Floats, Keys, Dim, weights.Floats);
        fixed (float* rate = rates)
        {
            for (int strip = 0; strip < KeyMemory.StripsOf(columns); strip++)
                DeltaChunk.Solve(weights.Floats, rate, read.Floats, v.Floats + strip * KeyMemory.Strip, columns, Keys, delta.Width(strip));
        }
        delta.Add(turned.Floats, chunk, 1, v.Floats, columns, Keys);
        return
        [
            .. new ReadOnlySpan<float>(output.Floats, Rows * ValueDim), .. new ReadOnlySpan<float>(denominators.Floats, Rows),
            .. new ReadOnlySpan<float>(memory.Floats, Dim * columns),
        ];
    }

    private static NativeBuffer Room(int count)
    {
        var buffer = new NativeBuffer((nuint)count * sizeof(float));
        new Span<float>(buffer.Floats, count).Clear();
        return buffer;
    }

    private static NativeBuffer Numbers(int seed, int count)
    {
        NativeBuffer buffer = Room(count);
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
            buffer.Floats[i] = random.NextSingle() * 4 - 2;
        return buffer;
    }
}
