namespace Distributed.Engine.Documents;

/// <summary>What a document job is at.</summary>
public enum DocumentPhase
{
    /// <summary>Making vectors of passages.</summary>
    Embedding,

    /// <summary>Attention over the passages.</summary>
    Attention,

    /// <summary>The second walk, which finds the links.</summary>
    Links,

    /// <summary>Writing the files.</summary>
    Files,
}

/// <summary>How far a document job is.</summary>
/// <param name="Phase">What it is at.</param>
/// <param name="PhaseDone">Share of that phase done, 0 to 1.</param>
/// <param name="Flops">Floating-point operations of the attention so far.</param>
public readonly record struct DocumentProgress(DocumentPhase Phase, double PhaseDone, double Flops)
{
    // Shares of the time of a job over a whole book. Attention computes q·k and w·v, the second walk q·k alone.
    private static readonly double[] Share = [0.04, 0.60, 0.34, 0.02];

    /// <summary>Estimated share of the whole job done, 0 to 1.</summary>
    public double Done => Share.Take((int)Phase).Sum() + Share[(int)Phase] * PhaseDone;
}
