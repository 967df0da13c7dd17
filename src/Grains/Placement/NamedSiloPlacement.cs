using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Distributed.Grains.Placement;

/// <summary>A grain lives on the silo that its key names, or not at all: when that silo is gone, calls to it fail.</summary>
[GenerateSerializer, Immutable]
internal sealed class NamedSiloPlacement : PlacementStrategy;

/// <summary>Places a grain class by <see cref="NamedSiloPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NamedSiloPlacementAttribute() : PlacementAttribute(new NamedSiloPlacement());

/// <summary>Reads the silo from the key.</summary>
internal sealed class NamedSiloDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string key = target.GrainIdentity.Key.ToString() ?? "";
        SiloAddress silo = SiloAddress.FromParsableString(NamedSilo.SiloOf(key));
        return context.GetCompatibleSilos(target).Contains(silo)
            ? Task.FromResult(silo)
            : throw new SiloUnavailableException($"Silo {silo} is not in the cluster.");
    }
}
