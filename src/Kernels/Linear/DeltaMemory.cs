using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Linear;

/// <summary>
/// The memory of the delta rule for sixty-four columns of the values: S ← S + β (v − Sᵀφ(k)) φ(k)ᵀ with each key
/// (Schlag, Irie and Schmidhuber, "Linear Transformers Are Secretly Fast Weight Programmers", 2021, section 4.2). The columns
/// of S do not meet, so any of them can be worked on alone.
/// </summary>
/// <remarks>
/// A product with S sums even and odd elements of a row by themselves. One pass over S writes a key, and reads it for the
/// next key and for a query.
/// </remarks>
/// <param name="memory">S: <c>[dim, 64]</c>.</param>
/// <param name="dim">Elements of a key.</param>
public readonly unsafe struct DeltaMemory(float* memory, int dim)
{
    /// <summary>Columns of the values that are worked on together.</summary>
    public const int Width = 64;

    /// <summary>F32 numbers of S.</summary>
    public static nuint FloatsFor(int dim) => (nuint)dim * Width;

    /// <summary>Forgets all.</summary>
    public void Clear() => new Span<float>(memory, dim * Width).Clear();

    /// <summary>Sᵀ x.</summary>
    /// <param name="x">φ of a key or a query.</param>
    /// <param name="to">64 numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(float* x, float* to)
    {
        for (int column = 0; column < Width; column += 16)
        {
            Vector512<float> even = Vector512<float>.Zero, odd = Vector512<float>.Zero;
            float* of = memory + column;
            int d = 0;
            for (; d + 2 <= dim; d += 2, of += 2 * Width)
            {
                even = Vector512.FusedMultiplyAdd(Vector512.Create(x[d]), Vector512.Load(of), even);
                odd = Vector512.FusedMultiplyAdd(Vector512.Create(x[d + 1]), Vector512.Load(of + Width), odd);
            }
            if (d < dim)
                even = Vector512.FusedMultiplyAdd(Vector512.Create(x[d]), Vector512.Load(of), even);
            (even + odd).Store(to + column);
        }
    }

    /// <summary>Writes a key: S ← S + u φ(k)ᵀ, and reads S for the next key and for a query on the way.</summary>
    /// <param name="key">φ(k).</param>
    /// <param name="update">u = β (v − Sᵀφ(k)), 64 numbers.</param>
    /// <param name="next">φ of the next key; any row of numbers where there is none.</param>
    /// <param name="query">φ(q); any row of numbers where no query reads S now.</param>
    /// <param name="forNext">Sᵀ of the next key, 64 numbers.</param>
    /// <param name="forQuery">Sᵀ of the query, 64 numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(float* key, float* update, float* next, float* query, float* forNext, float* forQuery)
    {
        for (int column = 0; column < Width; column += 32)
        {
            Vector512<float> u0 = Vector512.Load(update + column), u1 = Vector512.Load(update + column + 16);
            Vector512<float> n0 = Vector512<float>.Zero, n1 = n0, m0 = n0, m1 = n0, q0 = n0, q1 = n0, r0 = n0, r1 = n0;
            float* of = memory + column;
            int d = 0;
            for (; d + 2 <= dim; d += 2, of += 2 * Width)
            {
                Vector512<float> k = Vector512.Create(key[d]);
                Vector512<float> s0 = Vector512.FusedMultiplyAdd(k, u0, Vector512.Load(of)), s1 = Vector512.FusedMultiplyAdd(k, u1, Vector512.Load(of + 16));
                s0.Store(of);
                s1.Store(of + 16);
                Vector512<float> x = Vector512.Create(next[d]), y = Vector512.Create(query[d]);
                n0 = Vector512.FusedMultiplyAdd(x, s0, n0);
                n1 = Vector512.FusedMultiplyAdd(x, s1, n1);
                q0 = Vector512.FusedMultiplyAdd(y, s0, q0);
                q1 = Vector512.FusedMultiplyAdd(y, s1, q1);
                k = Vector512.Create(key[d + 1]);
                s0 = Vector512.FusedMultiplyAdd(k, u0, Vector512.Load(of + Width));
                s1 = Vector512.FusedMultiplyAdd(k, u1, Vector512.Load(of + Width + 16));
                s0.Store(of + Width);
                s1.Store(of + Width + 16);
                x = Vector512.Create(next[d + 1]);
                y = Vector512.Create(query[d + 1]);
                m0 = Vector512.FusedMultiplyAdd(x, s0, m0);
                m1 = Vector512.FusedMultiplyAdd(x, s1, m1);
                r0 = Vector512.FusedMultiplyAdd(y, s0, r0);
                r1 = Vector512.FusedMultiplyAdd(y, s1, r1);
            }
            if (d < dim)
            {
                Vector512<float> k = Vector512.Create(key[d]), x = Vector512.Create(next[d]), y = Vector512.Create(query[d]);
                Vector512<float> s0 = Vector512.FusedMultiplyAdd(k, u0, Vector512.Load(of)), s1 = Vector512.FusedMultiplyAdd(k, u1, Vector512.Load(of + 16));
                s0.Store(of);
                s1.Store(of + 16);
                n0 = Vector512.FusedMultiplyAdd(x, s0, n0);
                n1 = Vector512.FusedMultiplyAdd(x, s1, n1);
                q0 = Vector512.FusedMultiplyAdd(y, s0, q0);
                q1 = Vector512.FusedMultiplyAdd(y, s1, q1);
            }
            (n0 + m0).Store(forNext + column);
            (n1 + m1).Store(forNext + column + 16);
            (q0 + r0).Store(forQuery + column);
            (q1 + r1).Store(forQuery + column + 16);
        }
    }

    /// <summary>u = β (v − Sᵀφ(k)).</summary>
    /// <param name="rate">β.</param>
    /// <param name="value">64 columns of v.</param>
    /// <param name="read">Sᵀφ(k).</param>
    /// <param name="update">u.</param>
    public static void Update(float rate, float* value, float* read, float* update)
    {
        for (int column = 0; column < Width; column += 16)
            (Vector512.Create(rate) * (Vector512.Load(value + column) - Vector512.Load(read + column))).Store(update + column);
    }
}
