using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Scores;

/// <summary>
/// One part of a <see cref="ScoreStage"/> as it is done to a row of a panel of keys, with the bits of <see cref="ScoreStage.Apply"/>. It
/// calls nothing, so that it can stand between the steps of a product.
/// </summary>
internal interface IScorePart
{
    /// <summary>Keys of a panel.</summary>
    const int Width = 64;

    /// <summary>Begins with a row.</summary>
    /// <param name="row">Row of the tile.</param>
    /// <param name="key">First key of the panel.</param>
    void Begin(int row, int key);

    /// <summary>What sixteen scores become.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="at">The first one's key, counted from that of the panel.</param>
    Vector512<float> Of(Vector512<float> scores, int at);
}
