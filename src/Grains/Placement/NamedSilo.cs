namespace Distributed.Grains.Placement;

/// <summary>Keys of grains that live on one named silo and nowhere else: the silo's address, a bar, the rest.</summary>
public static class NamedSilo
{
    private const char Bar = '|';

    /// <summary>The name of a silo: its address with the number that tells it from an earlier silo there.</summary>
    public static string NameOf(SiloAddress silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        return silo.ToParsableString();
    }

    /// <summary>The key of a grain on a silo.</summary>
    public static string Key(string silo, string rest) => $"{silo}{Bar}{rest}";

    /// <summary>The name of the silo in a key.</summary>
    public static string SiloOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key[..key.IndexOf(Bar, StringComparison.Ordinal)];
    }
}
