using Distributed.Engine.Checkpoints;

namespace Distributed.Engine.Analytics;

/// <summary>
/// A sink whose result can be made in parts: each part takes some rows, and parts are put together in any order to the same bits.
/// </summary>
internal interface IPartialSink : IWeightSink
{
    /// <summary>Writes what was taken.</summary>
    void Save(CheckpointWriter writer);

    /// <summary>Takes over what a sink of other rows has saved.</summary>
    void Add(CheckpointReader reader);
}
