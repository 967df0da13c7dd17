using System.Globalization;

namespace Distributed.Telemetry.Tests.Received;

/// <summary>Attributes of a resource or a data point.</summary>
internal static class Attributes
{
    // KeyValue.key = 1, .value = 2; AnyValue.string_value = 1, .bool_value = 2, .int_value = 3.
    public static Dictionary<string, string> Of(ReadOnlyMemory<byte> message, int field) => Protobuf.Fields(message, field).ToDictionary(
        pair => Protobuf.Text(pair, 1),
        pair => Protobuf.Text(Protobuf.Field(pair, 2), 1) is { Length: > 0 } text
            ? text
            : (Protobuf.Whole(Protobuf.Field(pair, 2), 3) + Protobuf.Whole(Protobuf.Field(pair, 2), 2)).ToString(CultureInfo.InvariantCulture));
}
