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
        int padded = FeatureRows.Padded(Dim), columns = FeatureRows.Padded(ValueDim);
        using NativeBuffer keys = Numbers(1, Keys * Dim), values = Numbers(2, Keys * ValueDim), queries = Numbers(3, Rows * Dim),
            k = Room((Keys + 1) * padded), v = Room(Keys * 2 * DeltaMemory.Width), q = Room(Rows * padded), sums = Room((int)FeatureSums.FloatsFor(Dim, ValueDim)),
            output = Room(Rows * columns), denominators = Room(Rows), scratch = Room((int)MaskedProducts.ScratchFloats(Rows, Dim)),
            memory = Room((int)DeltaMemory.FloatsFor(Dim)), reads = Room(4 * DeltaMemory.Width);
        FeatureRows.Map(TensorRows.Dense(keys.Floats, Keys, Dim), map, sums: true, k.Floats);
        FeatureRows.Map(TensorRows.Dense(queries.Floats, Rows, Dim), map, sums: false, q.Floats);
        FeatureRows.Copy(TensorRows.Dense(values.Floats, Keys, ValueDim), v.Floats);
        var of = new FeatureSums(sums.Floats, Dim, ValueDim);
        of.AddKeys(k.Floats, v.Floats, Keys);
        of.Apply(q.Floats, Rows, output.Floats, denominators.Floats);
        ulong* words = stackalloc ulong[Rows];
        var mask = new MaskWords(words, Rows, Keys);
        for (int row = 0; row < Rows; row++)
            mask.Row(row)[0] = 0x123456789ABCDUL >> row % 7;
        MaskedProducts.Add(q.Floats, k.Floats, v.Floats, finite: true, Dim, columns, mask, output.Floats, denominators.Floats, scratch.Floats);

        var delta = new DeltaMemory(memory.Floats, Dim);
        float* update = reads.Floats, read = update + DeltaMemory.Width, forQuery = read + DeltaMemory.Width;
        delta.Read(k.Floats, read);
        for (int key = 0; key < Keys; key++)
        {
            DeltaMemory.Update(0.25f, v.Floats + key * columns, read, update);
            delta.Write(k.Floats + key * padded, update, k.Floats + (key + 1) * padded, q.Floats + key % Rows * padded, read, forQuery);
        }
        return
        [
            .. new ReadOnlySpan<float>(output.Floats, Rows * columns), .. new ReadOnlySpan<float>(denominators.Floats, Rows),
            .. new ReadOnlySpan<float>(memory.Floats, Dim * DeltaMemory.Width), .. new ReadOnlySpan<float>(forQuery, DeltaMemory.Width),
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
