using System.Globalization;

namespace Distributed.Engine.Pictures;

/// <summary>An axis along passages that is labelled with their line numbers.</summary>
/// <param name="Title">What the axis shows.</param>
/// <param name="Lines">Line number (from 1) of every passage, ascending.</param>
public sealed record LineAxis(string Title, IReadOnlyList<int> Lines)
{
    private static readonly int[] Steps = [1, 2, 5];

    /// <summary>
    /// Ticks at round line numbers, no closer than <paramref name="fewestPixels"/> on an axis of
    /// <paramref name="length"/> pixels. A tick stands at the first passage that begins on its line or behind it.
    /// </summary>
    public IEnumerable<(int Pixel, string Label)> Ticks(int length, int fewestPixels)
    {
        if (Lines.Count == 0)
            yield break;
        long first = Lines[0], last = Lines[^1];
        long step = Step((last - first + 1) * (double)fewestPixels / length);
        int free = int.MinValue;
        for (long line = (first + step - 1) / step * step; line <= last; line += step)
        {
            int pixel = (int)((long)IndexOf(line) * length / Lines.Count);
            if (pixel < free)
                continue;
            free = pixel + fewestPixels;
            yield return (pixel, line.ToString("N0", CultureInfo.InvariantCulture));
        }
    }

    private static long Step(double atLeast)
    {
        for (long power = 1; ; power *= 10)
        {
            foreach (int step in Steps)
            {
                if (step * power >= atLeast)
                    return step * power;
            }
        }
    }

    private int IndexOf(long line)
    {
        int low = 0, high = Lines.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Lines[middle] < line)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
