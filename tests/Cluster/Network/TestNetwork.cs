using System.Diagnostics;

namespace Distributed.Cluster.Tests.Network;

/// <summary>
/// A network of its own in this machine: a bridge, and a namespace with an address for each silo, so that the way between two
/// of them can be cut without a word to either: what they send goes nowhere, as when a cable is pulled.
/// </summary>
internal sealed class TestNetwork : IDisposable
{
    private const string Nowhere = "02:00:00:00:de:ad";

    private readonly string _bridge;
    private readonly string _prefix;
    private readonly List<NetworkPlace> _places = [];

    private TestNetwork()
    {
        _bridge = $"at{Environment.ProcessId % 1_000_000:x}";
        _prefix = $"10.{Random.Shared.Next(192, 255)}.{Random.Shared.Next(0, 255)}";
        Run("link", "add", _bridge, "type", "bridge");
        Run("addr", "add", $"{Gateway}/24", "dev", _bridge);
        Run("link", "set", _bridge, "up");
    }

    /// <summary>This machine's own address in it.</summary>
    public string Gateway => $"{_prefix}.1";

    /// <summary>Makes one; leaves the test out where that is not permitted.</summary>
    public static TestNetwork CreateOrSkip()
    {
        Assert.SkipUnless(
            Processes.IsRoot && Works("netns", "list"),
            "Network namespaces cannot be made here (root and the program ip are needed); cut networks are left out. tests/Grains breaks single tile streams.");
        return new TestNetwork();
    }

    /// <summary>A place with an address of its own.</summary>
    public NetworkPlace Add()
    {
        int number = _places.Count + 11;
        var place = new NetworkPlace($"{_bridge}n{number}", $"{_prefix}.{number}");
        Run("netns", "add", place.Name);
        _places.Add(place);
        Run("link", "add", place.Name, "type", "veth", "peer", "name", "eth0", "netns", place.Name);
        Run("link", "set", place.Name, "master", _bridge, "up");
        Run("-n", place.Name, "addr", "add", $"{place.Address}/24", "dev", "eth0");
        Run("-n", place.Name, "link", "set", "eth0", "up");
        Run("-n", place.Name, "link", "set", "lo", "up");
        return place;
    }

    /// <summary>Cuts the way between two places, in both directions.</summary>
    public static void Cut(NetworkPlace one, NetworkPlace other)
    {
        foreach ((NetworkPlace from, NetworkPlace to) in new[] { (one, other), (other, one) })
            Run("-n", from.Name, "neigh", "replace", to.Address, "lladdr", Nowhere, "nud", "permanent", "dev", "eth0");
    }

    /// <summary>Joins them again.</summary>
    public static void Heal(NetworkPlace one, NetworkPlace other)
    {
        foreach ((NetworkPlace from, NetworkPlace to) in new[] { (one, other), (other, one) })
            Run("-n", from.Name, "neigh", "del", to.Address, "dev", "eth0");
    }

    public void Dispose()
    {
        foreach (NetworkPlace place in _places)
            Run("netns", "del", place.Name);
        Run("link", "del", _bridge);
    }

    private static bool Works(params string[] arguments)
    {
        try
        {
            using Process ip = Start(arguments);
            ip.WaitForExit();
            return ip.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // There is no such program.
        }
    }

    private static void Run(params string[] arguments)
    {
        using Process ip = Start(arguments);
        string said = ip.StandardError.ReadToEnd();
        ip.WaitForExit();
        if (ip.ExitCode != 0)
            throw new InvalidOperationException($"'ip {string.Join(' ', arguments)}' failed: {said}");
    }

    private static Process Start(string[] arguments) => Process.Start(
        new ProcessStartInfo("ip", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
