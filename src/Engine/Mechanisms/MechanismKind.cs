namespace Distributed.Engine.Mechanisms;

/// <summary>What becomes of the scores of a row, or stands in their place.</summary>
public enum MechanismKind
{
    /// <summary>o = softmax(s) v.</summary>
    Softmax,

    /// <summary>Softmax over the best keys of a row alone.</summary>
    Hard,

    /// <summary>o = φ(q)ᵀ Σ φ(k) vᵀ / φ(q)ᵀ Σ φ(k): no softmax, and no scores.</summary>
    Linear,

    /// <summary>Linear attention whose memory is corrected instead of added to (fast weight programmers).</summary>
    Delta,
}
