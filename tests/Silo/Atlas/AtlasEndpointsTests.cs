using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Silo.Tests.Atlas;

/// <summary>The server of <c>attend atlas</c>, over HTTP.</summary>
public sealed class AtlasEndpointsTests : IAsyncLifetime
{
    private const int Rows = 300, Dim = 6;

    private readonly string _folder = Directory.CreateTempSubdirectory("atlas").FullName;
    private readonly float[] _q = Numbers(1), _k = Numbers(2);
    private AtlasServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        string input = Path.Combine(_folder, "in.safetensors");
        using (TensorFileWriter writer = TensorFileWriter.Create(input, [.. new[] { "q", "k", "v" }.Select(name => new TensorSpec(name, ElementType.F32, 1, 1, Rows, Dim))]))
        {
            writer["q"].Write(0, _q);
            writer["k"].Write(0, _k);
            writer["v"].Write(0, _k);
            writer.Commit();
        }
        string output = Path.Combine(_folder, "out.safetensors");
        await FileJob.RunAsync(new FileJobSpecification { Inputs = TensorPaths.InOneFile(input), Output = output, WithLogSumExp = true });
        _server = await AtlasServer.StartAsync(output);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_tiles_numbers_are_the_weights()
    {
        double[] exact = Weights();
        float[] tile = MemoryMarshal.Cast<byte, float>(await _server.Client.GetByteArrayAsync("/atlas/file/tiles/0.0/0/1/0.f32")).ToArray();
        Assert.Equal(256 * 256, tile.Length);
        for (int row = 0; row < 256; row++)
        {
            for (int key = 256; key < Rows; key++)
                Assert.Equal(exact[row * Rows + key], tile[row * 256 + key - 256], 1e-6);
        }
        Assert.Equal("image/png", (await _server.Client.GetAsync("/atlas/file/tiles/0.0/1/0/0.png?pool=mean&scale=linear&low=0&high=0.01")).Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Weights_and_strongest_weights_come_as_json()
    {
        double[] exact = Weights();
        JsonElement weights = await _server.Client.GetFromJsonAsync<JsonElement>("/atlas/file/weights?plane=0.0&rows=7:9&keys=100:103");
        for (int i = 0; i < 6; i++)
            Assert.Equal(exact[(7 + i / 3) * Rows + 100 + i % 3], weights.GetProperty("weights")[i / 3][i % 3].GetDouble(), 1e-6);
        JsonElement strongest = await _server.Client.GetFromJsonAsync<JsonElement>("/atlas/file/strongest?plane=0.0&rows=0:300&keys=0:300&count=3");
        double[] three = [.. exact.OrderDescending().Take(3)];
        for (int i = 0; i < 3; i++)
            Assert.Equal(three[i], strongest[i].GetProperty("weight").GetDouble(), 1e-6);
    }

    [Theory]
    [InlineData("/atlas/other/about", HttpStatusCode.NotFound)]
    [InlineData("/atlas/assets/none.js", HttpStatusCode.NotFound)]
    [InlineData("/atlas/file/tiles/0.7/0/0/0.f32", HttpStatusCode.BadRequest)]
    [InlineData("/atlas/file/tiles/x/0/0/0.f32", HttpStatusCode.BadRequest)]
    [InlineData("/atlas/file/tiles/0.0/9/0/0.f32", HttpStatusCode.BadRequest)]
    [InlineData("/atlas/file/tiles/0.0/0/0/0.png?low=2&high=1", HttpStatusCode.BadRequest)]
    [InlineData("/atlas/file/weights?plane=0.0&rows=0:999&keys=0:1", HttpStatusCode.BadRequest)]
    [InlineData("/atlas/file/weights?plane=0.0&rows=0:300&keys=0:300", HttpStatusCode.BadRequest)]
    [InlineData("/atlas/file/strongest?plane=0.0&rows=0:1&keys=0:1&count=0", HttpStatusCode.BadRequest)]
    [InlineData("/atlas/file/passages?first=0&count=1", HttpStatusCode.BadRequest)]
    public async Task What_is_not_there_is_a_problem(string path, HttpStatusCode status)
    {
        using HttpResponseMessage answer = await _server.Client.GetAsync(path);
        Assert.Equal(status, answer.StatusCode);
        if (status == HttpStatusCode.BadRequest)
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task The_page_asks_nobody_else()
    {
        using HttpResponseMessage page = await _server.Client.GetAsync("/atlas/file");
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        foreach (string asset in new[] { "atlas.html", "atlas.css", "main.js", "view.js", "tiles.js", "colours.js", "axes.js", "panel.js", "input.js", "ask.js" })
        {
            string text = await _server.Client.GetStringAsync($"/atlas/assets/{asset}");
            Assert.DoesNotContain("://", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Another_host_name_is_turned_away()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/atlas/file/about");
        request.Headers.Host = "evil.example";
        using HttpResponseMessage answer = await _server.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task A_browser_draws_it()
    {
        string shown = await Browser.ShowAsync(new Uri(_server.Client.BaseAddress!, "/atlas/file"));
        Assert.Contains("<dd>300 × 300</dd>", shown, StringComparison.Ordinal);
        Assert.Contains("<option value=\"0.0\">head 0</option>", shown, StringComparison.Ordinal);
        Assert.Contains("out.safetensors – attention atlas", shown, StringComparison.Ordinal);
    }

    private static float[] Numbers(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Rows * Dim).Select(_ => random.NextSingle() * 4 - 2)];
    }

    private double[] Weights()
    {
        var weights = new double[Rows * Rows];
        for (int row = 0; row < Rows; row++)
        {
            double sum = 0;
            for (int key = 0; key < Rows; key++)
            {
                double dot = Enumerable.Range(0, Dim).Sum(d => (double)_q[row * Dim + d] * _k[key * Dim + d]);
                sum += weights[row * Rows + key] = Math.Exp(dot / Math.Sqrt(Dim));
            }
            for (int key = 0; key < Rows; key++)
                weights[row * Rows + key] /= sum;
        }
        return weights;
    }
}
