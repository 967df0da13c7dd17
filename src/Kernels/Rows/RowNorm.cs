namespace Distributed.Kernels.Rows;

/// <summary>How query and key rows are normalised before they meet.</summary>
public enum RowNorm
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>To length 1, so that q·k is the cosine (Henry et al., "Query-Key Normalization", 2020). A row of zeros stays so.</summary>
    L2,

    /// <summary>To root mean square 1, with 1e-6 added to the mean square (Zhang and Sennrich, "RMSNorm", 2019).</summary>
    Rms,
}
