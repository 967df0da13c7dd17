using ILGPU;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>
/// Eight rows by eight columns of sums, in registers: ILGPU unrolls no loops and keeps indexed arrays in local memory, so
/// each of the 64 has a name. One step of an outer product reads 16 numbers from shared memory for 64 multiply-adds.
/// </summary>
internal struct RegisterTile
{
    public Float4 Low0, High0, Low1, High1, Low2, High2, Low3, High3, Low4, High4, Low5, High5, Low6, High6, Low7, High7;

    /// <summary>Adds the outer product of eight row factors and eight column factors.</summary>
    public void AddOuter(Float4 rows0, Float4 rows4, Float4 low, Float4 high)
    {
        Low0 = Float4.Fma(rows0.X, low, Low0);
        High0 = Float4.Fma(rows0.X, high, High0);
        Low1 = Float4.Fma(rows0.Y, low, Low1);
        High1 = Float4.Fma(rows0.Y, high, High1);
        Low2 = Float4.Fma(rows0.Z, low, Low2);
        High2 = Float4.Fma(rows0.Z, high, High2);
        Low3 = Float4.Fma(rows0.W, low, Low3);
        High3 = Float4.Fma(rows0.W, high, High3);
        Low4 = Float4.Fma(rows4.X, low, Low4);
        High4 = Float4.Fma(rows4.X, high, High4);
        Low5 = Float4.Fma(rows4.Y, low, Low5);
        High5 = Float4.Fma(rows4.Y, high, High5);
        Low6 = Float4.Fma(rows4.Z, low, Low6);
        High6 = Float4.Fma(rows4.Z, high, High6);
        Low7 = Float4.Fma(rows4.W, low, Low7);
        High7 = Float4.Fma(rows4.W, high, High7);
    }

    /// <summary>Adds sums to sums.</summary>
    public void Add(RegisterTile of)
    {
        Low0 = Float4.Add(Low0, of.Low0);
        High0 = Float4.Add(High0, of.High0);
        Low1 = Float4.Add(Low1, of.Low1);
        High1 = Float4.Add(High1, of.High1);
        Low2 = Float4.Add(Low2, of.Low2);
        High2 = Float4.Add(High2, of.High2);
        Low3 = Float4.Add(Low3, of.Low3);
        High3 = Float4.Add(High3, of.High3);
        Low4 = Float4.Add(Low4, of.Low4);
        High4 = Float4.Add(High4, of.High4);
        Low5 = Float4.Add(Low5, of.Low5);
        High5 = Float4.Add(High5, of.High5);
        Low6 = Float4.Add(Low6, of.Low6);
        High6 = Float4.Add(High6, of.High6);
        Low7 = Float4.Add(Low7, of.Low7);
        High7 = Float4.Add(High7, of.High7);
    }

    /// <summary>Writes the eight rows of columns to memory.</summary>
    /// <param name="to">Where; the first row's low columns come first.</param>
    /// <param name="stride">Groups of four from one row to the next.</param>
    /// <param name="high">Groups of four from low columns to high ones.</param>
    public readonly void Store(ArrayView<Float4> to, int stride, int high)
    {
        to[0] = Low0;
        to[high] = High0;
        to[stride] = Low1;
        to[stride + high] = High1;
        to[2 * stride] = Low2;
        to[2 * stride + high] = High2;
        to[3 * stride] = Low3;
        to[3 * stride + high] = High3;
        to[4 * stride] = Low4;
        to[4 * stride + high] = High4;
        to[5 * stride] = Low5;
        to[5 * stride + high] = High5;
        to[6 * stride] = Low6;
        to[6 * stride + high] = High6;
        to[7 * stride] = Low7;
        to[7 * stride + high] = High7;
    }

    /// <summary>Multiplies what is in memory by a factor per row, adds these sums, and writes it back.</summary>
    /// <param name="to">Where; the first row's low columns come first.</param>
    /// <param name="stride">Groups of four from one row to the next.</param>
    /// <param name="high">Groups of four from low columns to high ones.</param>
    /// <param name="keep">The factors.</param>
    public readonly void FoldInto(ArrayView<Float4> to, int stride, int high, ArrayView<float> keep)
    {
        to[0] = Float4.Fma(keep[0], to[0], Low0);
        to[high] = Float4.Fma(keep[0], to[high], High0);
        to[stride] = Float4.Fma(keep[1], to[stride], Low1);
        to[stride + high] = Float4.Fma(keep[1], to[stride + high], High1);
        to[2 * stride] = Float4.Fma(keep[2], to[2 * stride], Low2);
        to[2 * stride + high] = Float4.Fma(keep[2], to[2 * stride + high], High2);
        to[3 * stride] = Float4.Fma(keep[3], to[3 * stride], Low3);
        to[3 * stride + high] = Float4.Fma(keep[3], to[3 * stride + high], High3);
        to[4 * stride] = Float4.Fma(keep[4], to[4 * stride], Low4);
        to[4 * stride + high] = Float4.Fma(keep[4], to[4 * stride + high], High4);
        to[5 * stride] = Float4.Fma(keep[5], to[5 * stride], Low5);
        to[5 * stride + high] = Float4.Fma(keep[5], to[5 * stride + high], High5);
        to[6 * stride] = Float4.Fma(keep[6], to[6 * stride], Low6);
        to[6 * stride + high] = Float4.Fma(keep[6], to[6 * stride + high], High6);
        to[7 * stride] = Float4.Fma(keep[7], to[7 * stride], Low7);
        to[7 * stride + high] = Float4.Fma(keep[7], to[7 * stride + high], High7);
    }

    /// <summary>The largest number of each row with that of <paramref name="max"/>, over the threads that share the rows.</summary>
    /// <param name="max">Largest numbers so far, in shared memory.</param>
    public readonly void MaxInto<TShape>(ArrayView<float> max)
        where TShape : struct, IExactShape
    {
        RowMaximum.Into<TShape>(max, 0, Float4.Max(Float4.Max(float.NegativeInfinity, Low0), High0));
        RowMaximum.Into<TShape>(max, 1, Float4.Max(Float4.Max(float.NegativeInfinity, Low1), High1));
        RowMaximum.Into<TShape>(max, 2, Float4.Max(Float4.Max(float.NegativeInfinity, Low2), High2));
        RowMaximum.Into<TShape>(max, 3, Float4.Max(Float4.Max(float.NegativeInfinity, Low3), High3));
        RowMaximum.Into<TShape>(max, 4, Float4.Max(Float4.Max(float.NegativeInfinity, Low4), High4));
        RowMaximum.Into<TShape>(max, 5, Float4.Max(Float4.Max(float.NegativeInfinity, Low5), High5));
        RowMaximum.Into<TShape>(max, 6, Float4.Max(Float4.Max(float.NegativeInfinity, Low6), High6));
        RowMaximum.Into<TShape>(max, 7, Float4.Max(Float4.Max(float.NegativeInfinity, Low7), High7));
    }
}
