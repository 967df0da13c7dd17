using System.Text.Json;

namespace Distributed.Silo.Tests.Api;

/// <summary>
/// The API is what docs/openapi.json says: a change of it shows in the diff of that file. ATTEND_UPDATE_OPENAPI=1 writes it.
/// </summary>
public sealed class OpenApiTests
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Fact]
    public async Task The_served_document_is_the_one_that_is_written_down()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        using JsonDocument document = JsonDocument.Parse(await silo.Http.GetStringAsync("openapi/v1.json"));
        string served = JsonSerializer.Serialize(document.RootElement, Readable) + "\n";
        string path = Path.Combine(Walks.WalkTests.Root(), "docs", "openapi.json");
        if (Environment.GetEnvironmentVariable("ATTEND_UPDATE_OPENAPI") is not null)
            await File.WriteAllTextAsync(path, served);

        string written = await File.ReadAllTextAsync(path);

        int at = served.AsSpan().CommonPrefixLength(written);
        Assert.True(
            served == written,
            $"docs/openapi.json is not what is served, from character {at} on: '{served[at..Math.Min(served.Length, at + 200)]}'. ATTEND_UPDATE_OPENAPI=1 writes it anew.");
    }
}
