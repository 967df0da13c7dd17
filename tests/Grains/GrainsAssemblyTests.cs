namespace Distributed.Grains.Tests;

public class GrainsAssemblyTests
{
    /// <summary>The grains are there when Orleans is, and left out whole when it is not.</summary>
    [Fact]
    public void The_grains_are_in_the_assembly_exactly_when_Orleans_was_on_the_feed() =>
        Assert.Equal(
            GrainsAssembly.HasOrleans,
            typeof(GrainsAssembly).Assembly.GetType("Distributed.Grains.Tiles.TcpTileTransport") is not null);
}
