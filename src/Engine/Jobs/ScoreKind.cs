namespace Distributed.Engine.Jobs;

/// <summary>Which scores are looked at: those of ONNX Attention's <c>qk_matmul_output_mode</c> 0 to 3.</summary>
public enum ScoreKind
{
    /// <summary>scale · q·k.</summary>
    Raw,

    /// <summary>After the softcap.</summary>
    Softcap,

    /// <summary>After softcap, biases and masks; −∞ where a key is hidden.</summary>
    Masked,

    /// <summary>After the softmax; rows without a key are 0.</summary>
    Weights,
}
