namespace Distributed.Simulator.Runs;

/// <summary>Numbers for people.</summary>
internal static class Say
{
    private static readonly (double Of, string Name)[] Sizes = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];

    /// <summary>Bytes in the unit that fits, to two or three digits.</summary>
    public static string Bytes(double bytes)
    {
        foreach ((double of, string name) in Sizes)
        {
            if (bytes >= of)
                return $"{Digits(bytes / of)} {name}";
        }
        return $"{bytes:f0} B";
    }

    /// <summary>A time in the unit that fits.</summary>
    public static string Time(TimeSpan time) => time.TotalSeconds switch
    {
        < 1 => $"{Digits(time.TotalMilliseconds)} ms",
        < 600 => $"{Digits(time.TotalSeconds)} s",
        < 7200 => $"{Digits(time.TotalMinutes)} min",
        < 172_800 => $"{Digits(time.TotalHours)} h",
        _ => $"{Digits(time.TotalDays)} d",
    };

    /// <summary>Tokens: 1M, 10M.</summary>
    public static string Tokens(double tokens) => tokens >= 1e6 ? $"{tokens / 1e6:g4}M" : $"{tokens / 1e3:g4}K";

    private static string Digits(double number) => number switch
    {
        >= 99.5 => $"{number:f0}",
        >= 9.95 => $"{number:f1}",
        _ => $"{number:f2}",
    };
}
