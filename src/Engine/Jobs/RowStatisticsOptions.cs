namespace Distributed.Engine.Jobs;

/// <summary>Which statistics of each row's weights are worked out in the same pass as the output.</summary>
/// <param name="Window">The largest distance from a row's position that counts as inside the window, in keys.</param>
/// <param name="Sinks">How many keys, the first ones, count as sinks.</param>
public sealed record RowStatisticsOptions(long Window = RowStatisticsOptions.DefaultWindow, long Sinks = RowStatisticsOptions.DefaultSinks)
{
    /// <summary>The window where none is named.</summary>
    public const long DefaultWindow = 128;

    /// <summary>The sinks where none are named: as many as StreamingLLM keeps (Xiao et al., 2023).</summary>
    public const long DefaultSinks = 4;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="InputException">One is out of its range.</exception>
    public void Validate()
    {
        if (Window is < 0 or > CausalAlignment.MaxOffset)
            throw new InputException($"Analytics window {Window} is out of range; a distance of 0 to {CausalAlignment.MaxOffset} keys is expected.");
        if (Sinks is < 0 or > CausalAlignment.MaxOffset)
            throw new InputException($"Analytics sinks {Sinks} are out of range; 0 to {CausalAlignment.MaxOffset} keys are expected.");
    }
}
