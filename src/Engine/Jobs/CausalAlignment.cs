using System.Globalization;

namespace Distributed.Engine.Jobs;

/// <summary>
/// Where the queries stand among the keys: query row <c>i</c> stands at key position <c>i + offset</c>. Causal attention
/// lets a query see the keys up to its own position.
/// </summary>
public readonly record struct CausalAlignment
{
    private readonly long? _offset;
    private readonly bool _bottomRight;

    private CausalAlignment(long? offset, bool bottomRight)
    {
        _offset = offset;
        _bottomRight = bottomRight;
    }

    /// <summary>The first query stands at the first key that is not past: offset 0 without past keys (ONNX).</summary>
    public static CausalAlignment TopLeft { get; } = new(null, false);

    /// <summary>The last query stands at the last key: offset Skv − Sq (FlashAttention from 2.1 on).</summary>
    public static CausalAlignment BottomRight { get; } = new(null, true);

    /// <summary>The first query stands at key <paramref name="offset"/>, which may be negative.</summary>
    public static CausalAlignment At(long offset) => new(offset, false);

    /// <summary>Reads <c>top-left</c>, <c>bottom-right</c> or a whole number.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static CausalAlignment Parse(string text) => text switch
    {
        "top-left" => TopLeft,
        "bottom-right" => BottomRight,
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long offset)
            && Math.Abs(Math.Max(offset, -long.MaxValue)) <= MaxOffset => At(offset),
        _ => throw new InputException(
            $"Causal alignment '{text}' is not known; top-left, bottom-right or a whole number (the offset) is expected."),
    };

    /// <summary>The key position of query row 0.</summary>
    /// <param name="queryRows">Queries.</param>
    /// <param name="keyRows">Keys, the past ones among them.</param>
    /// <param name="pastRows">Past keys.</param>
    public long OffsetFor(long queryRows, long keyRows, long pastRows = 0) =>
        _offset ?? (_bottomRight ? keyRows - queryRows : pastRows);

    /// <inheritdoc/>
    public override string ToString() =>
        _offset?.ToString(CultureInfo.InvariantCulture) ?? (_bottomRight ? "bottom-right" : "top-left");

    /// <summary>Offsets beyond this are refused, so that positions never overflow.</summary>
    public const long MaxOffset = 1L << 48;
}
