using System.Globalization;

namespace Distributed.Silo.Cluster.Membership;

/// <summary>Who suspects a silo to be dead, and since when, as text: <c>silo,ticks;silo,ticks</c>.</summary>
internal static class SuspectText
{
    public static string Write(List<Tuple<SiloAddress, DateTime>>? suspects) => string.Join(
        ';', (suspects ?? []).Select(suspect => string.Create(
            CultureInfo.InvariantCulture, $"{suspect.Item1.ToParsableString()},{suspect.Item2.Ticks}")));

    public static List<Tuple<SiloAddress, DateTime>> Read(string text) =>
    [
        .. from suspect in text.Split(';', StringSplitOptions.RemoveEmptyEntries)
           let parts = suspect.Split(',')
           select Tuple.Create(
               SiloAddress.FromParsableString(parts[0]),
               new DateTime(long.Parse(parts[1], CultureInfo.InvariantCulture), DateTimeKind.Utc)),
    ];
}
