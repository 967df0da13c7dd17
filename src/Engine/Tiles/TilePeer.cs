namespace Distributed.Engine.Tiles;

/// <summary>Another process that tiles come from.</summary>
/// <param name="Name">Its name, unlike that of any other process, also an earlier one at the same address.</param>
/// <param name="Endpoint">Where it gives out tiles, as <c>host:port</c>; empty where the transport needs none.</param>
public sealed record TilePeer(string Name, string Endpoint);
