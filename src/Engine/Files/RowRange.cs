namespace Distributed.Engine.Files;

/// <summary>Checks ranges of rows that lie a number of rows apart.</summary>
internal static class RowRange
{
    /// <summary>Throws unless <paramref name="count"/> rows from <paramref name="first"/> on are among the tensor's.</summary>
    public static void Check(long rows, long first, long count, long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        Int128 end = count == 0 ? first : (Int128)first + (Int128)(count - 1) * step + 1;
        if (end > rows)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), count, $"Rows {first} to {end} (step {step}) are not all among the tensor's {rows}.");
        }
    }
}
