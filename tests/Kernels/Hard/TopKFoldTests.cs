using Distributed.Kernels.Hard;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Tests.Hard;

public sealed unsafe class TopKFoldTests
{
    /// <summary>Few different scores, so that there are ties; NaN and −∞ among them; spans in any order.</summary>
    [Fact]
    public void The_best_keys_stay_in_whatever_spans_and_order_they_come()
    {
        var random = new Random(1);
        for (int round = 0; round < 300; round++)
        {
            int keys = random.Next(1, 200), k = random.Next(1, 20), rows = random.Next(1, 4);
            float[] scores = [.. Enumerable.Range(0, rows * keys).Select(_ => random.Next(30) switch
            {
                0 => float.NaN,
                < 5 => float.NegativeInfinity,
                5 => float.PositiveInfinity,
                _ => random.Next(-20, 20),
            })];
            using var memory = new NativeBuffer(TopKState.FloatsFor(rows, k) * sizeof(float));
            var state = new TopKState(memory.Floats, rows, k);
            state.Reset();

            int span = random.Next(1, 70);
            int[] starts = [.. Enumerable.Range(0, (keys + span - 1) / span).Select(i => i * span)];
            random.Shuffle(starts);
            fixed (float* from = scores)
            {
                foreach (int start in starts)
                    TopKFold.Take(state, from + start, keys, start, Math.Min(span, keys - start));
            }

            for (int row = 0; row < rows; row++)
            {
                long[] expected = [.. Enumerable.Range(0, keys)
                    .Where(key => !float.IsNegativeInfinity(scores[row * keys + key]))
                    .OrderByDescending(key => float.IsNaN(scores[row * keys + key]))
                    .ThenByDescending(key => scores[row * keys + key]).ThenBy(key => key).Take(k).Select(key => (long)key)];
                Assert.Equal(expected, state.Keys(row)[..state.Count(row)].ToArray());
                Assert.Equal(expected.Select(key => scores[row * keys + key]), state.Scores(row)[..state.Count(row)].ToArray());
            }
        }
    }
}
