using Distributed.Engine.Analytics;

namespace Distributed.Engine.Atlas;

/// <summary>Where a tile stands.</summary>
/// <param name="Plane">The matrix.</param>
/// <param name="Level">The level.</param>
/// <param name="X">Tiles to its left.</param>
/// <param name="Y">Tiles above it.</param>
public readonly record struct AtlasAddress(AttentionPlane Plane, int Level, int X, int Y);
