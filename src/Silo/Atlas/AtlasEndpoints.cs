using System.Runtime.InteropServices;
using Distributed.Engine;
using Distributed.Engine.Analytics;
using Distributed.Engine.Atlas;
using Distributed.Engine.Pictures;
using Distributed.Silo.Http;

namespace Distributed.Silo.Atlas;

/// <summary>The atlas of a job: its page, its tiles, and the numbers behind them.</summary>
public static class AtlasEndpoints
{
    private const int MostStrongest = 500, MostPassages = 1000;
    private const long MostWeights = 1 << 16;

    /// <summary>Adds the routes.</summary>
    /// <param name="app">The host.</param>
    /// <param name="pages">Who may have the page, which tells nothing; null = everybody, in a host without rules.</param>
    /// <param name="data">Who may have what it shows; null = everybody, in a host without rules.</param>
    public static void MapAtlas(
        this IEndpointRouteBuilder app, Action<IEndpointConventionBuilder>? pages = null, Action<IEndpointConventionBuilder>? data = null)
    {
        RouteGroupBuilder page = app.MapGroup("/atlas").ExcludeFromDescription(), atlas = app.MapGroup("/atlas").ExcludeFromDescription();
        pages?.Invoke(page);
        data?.Invoke(atlas);
        page.MapGet("assets/{name}", AtlasAssets.Get);
        page.MapGet("{job}", (string job, HttpResponse response) => AtlasAssets.Get("atlas.html", response));
        atlas.MapGet("{job}/about", (string job, OpenAtlases open) => WithAsync(job, open, AboutAsync));
        atlas.MapGet("{job}/tiles/{plane}/{level:int}/{x:int}/{y:int}.f32", (
            string job, string plane, int level, int x, int y, string? pool, OpenAtlases open, HttpResponse response, CancellationToken gone) =>
            OnReadyAsync(job, open, async (atlas, _) => Numbers(
                (await atlas.TileAsync(new AtlasAddress(AtlasText.Plane(plane), level, x, y), gone))[AtlasText.Pooling(pool)], response)));
        atlas.MapGet("{job}/tiles/{plane}/{level:int}/{x:int}/{y:int}.png", (
            string job, string plane, int level, int x, int y, string? pool, string? scale, double? low, double? high, OpenAtlases open, CancellationToken gone) =>
            OnReadyAsync(job, open, async (atlas, _) => Picture(
                await atlas.TileAsync(new AtlasAddress(AtlasText.Plane(plane), level, x, y), gone), AtlasText.Pooling(pool),
                new TileColours(scale != "linear", low ?? 1e-6, high ?? 1))));
        atlas.MapGet("{job}/weights", (string job, string plane, string rows, string keys, OpenAtlases open, CancellationToken gone) =>
            OnReadyAsync(job, open, (atlas, _) => WeightsAsync(atlas, AtlasText.Plane(plane), AtlasText.Range(rows, "Rows"), AtlasText.Range(keys, "Keys"), gone)));
        atlas.MapGet("{job}/strongest", (string job, string plane, string rows, string keys, int? count, OpenAtlases open, CancellationToken gone) =>
            OnReadyAsync(job, open, (atlas, subject) => StrongestAsync(
                atlas, subject, AtlasText.Plane(plane), AtlasText.Range(rows, "Rows"), AtlasText.Range(keys, "Keys"), count ?? 20, gone)));
        atlas.MapGet("{job}/passages", (string job, long first, int count, OpenAtlases open) =>
            OnReadyAsync(job, open, (_, subject) => Task.FromResult(Passages(subject, first, count))));
    }

    private static async Task<IResult> WithAsync(string job, OpenAtlases open, Func<OpenAtlas, Task<IResult>> use)
    {
        try
        {
            if (await open.UseAsync(job) is not { } atlas)
                return Refusal.NoSuchJob.Because($"There is no job {job} to look at.");
            try
            {
                return await use(atlas);
            }
            catch (Exception) when (atlas.Failed)
            {
                open.Forget(atlas);
                throw;
            }
            finally
            {
                atlas.Release();
            }
        }
        catch (InputException error)
        {
            return Refusal.BadInput.Because(error.Message);
        }
        catch (RefusedException refused)
        {
            return refused.Refusal.Because(refused.Message);
        }
    }

    private static Task<IResult> OnReadyAsync(string job, OpenAtlases open, Func<AttentionAtlas, AtlasSubject, Task<IResult>> use) =>
        WithAsync(job, open, async atlas => await atlas.ReadyAsync() is { } ready
            ? await use(ready, atlas.Subject)
            : Refusal.Unavailable.Because($"The overview of job {job} is being made, {atlas.Done:p0} is done."));

    private static async Task<IResult> AboutAsync(OpenAtlas open) => await open.ReadyAsync() is { } atlas
        ? Results.Json(new
        {
            state = "ready",
            name = open.Subject.Name,
            rows = atlas.Geometry.Rows,
            keys = atlas.Geometry.Keys,
            tile = AtlasGeometry.TileCells,
            levels = atlas.Geometry.TopLevel + 1,
            overview = atlas.Planes.Max(atlas.OverviewLevel),
            planes = atlas.Planes.Select(AtlasText.Of),
            heads = atlas.Shape.QueryHeads,
            batch = atlas.Shape.Batch,
            masks = open.Subject.Masks,
            scores = open.Subject.Scores,
            passages = open.Subject.Passages is not null,
            bytes = new { overview = atlas.Bytes.Overview, cache = atlas.Bytes.Cache },
            colours = Enumerable.Range(0, ColourMap.Shades).Select(shade => ColourMap.At(shade / (ColourMap.Shades - 1.0))).Select(rgb => new int[] { rgb.R, rgb.G, rgb.B }),
        })
        : Results.Json(new { state = "opening", done = open.Done });

    // The tiles of a finished job never change.
    private static IResult Numbers(float[] values, HttpResponse response)
    {
        response.Headers.CacheControl = "private, max-age=3600, immutable";
        return Results.Bytes(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), "application/octet-stream");
    }

    private static IResult Picture(AtlasTile tile, AtlasPooling pooling, TileColours colours)
    {
        using var png = new MemoryStream();
        PngWriter.Write(colours.Draw(tile, pooling), png);
        return Results.Bytes(png.ToArray(), "image/png");
    }

    private static async Task<IResult> WeightsAsync(
        AttentionAtlas atlas, AttentionPlane plane, (long First, long End) rows, (long First, long End) keys, CancellationToken gone)
    {
        WeightRectangle.Check(atlas.Shape, rows, keys);
        if ((double)(rows.End - rows.First) * (keys.End - keys.First) > MostWeights)
            throw new InputException($"Rows {rows.First}:{rows.End} by keys {keys.First}:{keys.End} are more weights than are given at a time; at most {MostWeights} are expected.");
        float[] weights = await atlas.WeightsAsync(plane, rows, keys, gone);
        return Results.Json(new
        {
            rows = new[] { rows.First, rows.End },
            keys = new[] { keys.First, keys.End },
            weights = weights.Select(Finite).Chunk((int)(keys.End - keys.First)),
        });
    }

    private static async Task<IResult> StrongestAsync(
        AttentionAtlas atlas, AtlasSubject subject, AttentionPlane plane, (long First, long End) rows, (long First, long End) keys, int count,
        CancellationToken gone)
    {
        if (count is < 1 or > MostStrongest)
            throw new InputException($"Count {count} is out of range; 1 to {MostStrongest} is expected.");
        IReadOnlyList<PlacedWeight> found = await atlas.StrongestAsync(plane, rows, keys, count, gone);
        return Results.Json(found.Select(weight => new
        {
            row = weight.Row,
            key = weight.Key,
            weight = weight.Weight,
            rowText = subject.Passages?[(int)weight.Row].Text,
            keyText = subject.Passages?[(int)weight.Key].Text,
        }));
    }

    private static IResult Passages(AtlasSubject subject, long first, int count)
    {
        if (subject.Passages is not { } passages)
            throw new InputException($"{subject.Name} is of tensors, which have no passages.");
        if (first < 0 || first >= passages.Count || count is < 1 or > MostPassages)
            throw new InputException($"Passages from {first}, {count} of them, are not there; 1 to {MostPassages} of {passages.Count} are expected.");
        return Results.Json(passages.Skip((int)first).Take(count).Select(passage => new { line = passage.Line, text = passage.Text }));
    }

    // JSON has no number for a weight of a row that saw a NaN.
    private static float? Finite(float weight) => float.IsFinite(weight) ? weight : null;
}
