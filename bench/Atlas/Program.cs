using System.Diagnostics;
using Distributed.Engine.Analytics;
using Distributed.Engine.Atlas;

// How long an atlas takes to open, and a screenful of it to be computed: 1280 × 800 pixels at one pixel a cell, 6 × 4 tiles,
// nothing of it cached. `dotnet run -c Release --project bench/Atlas -- FILE [threads] [MiB]`.

if (args.Length is < 1 or > 3)
{
    Console.Error.WriteLine("FILE [threads] [MiB] is expected.");
    return 2;
}
const int Across = 6, Down = 4, Rounds = 5;
int threads = args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : Environment.ProcessorCount;
long bytes = (args.Length > 2 ? long.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture) : 1024) << 20;
var options = new AtlasOptions { Threads = threads, OverviewBytes = bytes / 4 * 3, CacheBytes = bytes / 4 };
using AtlasSubject subject = AtlasSubject.Open(args[0]);
long began = Stopwatch.GetTimestamp();
using AttentionAtlas atlas = await subject.CreateAsync(options, null, default);
Console.WriteLine(
    $"{atlas.Geometry.Rows} × {atlas.Geometry.Keys}, {atlas.Shape.QueryHeads} heads of {atlas.Shape.KeyDim}, {threads} threads: overview in " +
    $"{Stopwatch.GetElapsedTime(began).TotalSeconds:f1} s, {atlas.Bytes.Overview >> 20} MiB");
foreach (AttentionPlane plane in atlas.Planes.Where(plane => plane is { Batch: 0, Head: 0 }))
{
    for (int level = atlas.Geometry.TopLevel; level >= 0; level--)
    {
        GC.Collect();
        var took = new List<double>();
        for (int round = 0; round < Rounds; round++)
            took.Add(await ScreenfulAsync(plane, level, round));
        took.Sort();
        Console.WriteLine($"{(plane.Heads == HeadAggregation.Each ? "one head" : plane.Heads.ToString().ToLowerInvariant() + " of heads"),-14} level {level}: {took[Rounds / 2],7:f1} ms (longest {took[^1]:f1}){(level >= atlas.OverviewLevel(plane) ? " of the overview" : "")}");
    }
}
return 0;

// Each round is elsewhere along the diagonal, where every mask leaves something.
async Task<double> ScreenfulAsync(AttentionPlane plane, int level, int round)
{
    (int across, int down) = atlas.Geometry.TilesAt(level);
    int x = Math.Max(0, (across - Across) * (round + 1) / (Rounds + 1)), y = Math.Max(0, (down - Down) * (round + 1) / (Rounds + 1));
    long start = Stopwatch.GetTimestamp();
    await Task.WhenAll(
        from row in Enumerable.Range(y, Math.Min(Down, down))
        from column in Enumerable.Range(x, Math.Min(Across, across))
        select atlas.TileAsync(new AtlasAddress(plane, level, column, row), default));
    return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}
