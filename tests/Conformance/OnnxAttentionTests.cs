namespace Distributed.Conformance.Tests;

/// <summary>
/// The engine against the definition of ONNX Attention (opset 23 and 24, and the windows of 25): every attribute and optional input in random
/// company, spans of a few rows, so that tiles, blocks and merges all meet on small sizes.
/// </summary>
public sealed class OnnxAttentionTests
{
    private const int CasesPerTest = 50;
    private const double Tolerance = 2e-6;

    public static TheoryData<int> Groups => [.. Enumerable.Range(0, 12)];

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Every_output_equals_the_definition(int group)
    {
        string folder = Directory.CreateTempSubdirectory("onnx-").FullName;
        try
        {
            for (int seed = group * CasesPerTest; seed < (group + 1) * CasesPerTest; seed++)
            {
                OnnxCase of = OnnxCase.Random(seed);
                var random = new Random(seed);
                int spanRows = random.Next(1, 20), blocks = random.Next(1, 6);

                Dictionary<string, float[]> actual = await OnnxRun.RunAsync(of, folder, spanRows, blocks);

                var expected = new OnnxDefinition(of);
                string what = $"case {seed}, spans of {spanRows}, {blocks} blocks: {of}";
                Close(expected.Output, actual["o"], $"Y, {what}", expected.OutputScale);
                if (of.QkMode is not null)
                    Close(expected.Qk, actual["qk"], $"qk_matmul_output, {what}", Largest(expected.Qk));
                if (of.Past is not null)
                {
                    Close(expected.PresentKeys, actual["present_k"], $"present_key, {what}", scale: 0);
                    Close(expected.PresentValues, actual["present_v"], $"present_value, {what}", scale: 0);
                }
                Assert.Equal(1 + (of.QkMode is null ? 0 : 1) + (of.Past is null ? 0 : 2), actual.Count);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_cases_hold_every_attribute_and_input()
    {
        OnnxCase[] cases = [.. Enumerable.Range(0, Groups.Count * CasesPerTest).Select(OnnxCase.Random)];

        Assert.Contains(cases, of => of is { IsCausal: true, Past: > 0, BoolMask: not null, Softcap: > 0 });
        Assert.Contains(cases, of => of is { IsCausal: true, NonpadKeys: not null, FloatMask: not null });
        Assert.Contains(cases, of => of is { IsCausal: false, NonpadKeys: not null, Left: > 0 });
        Assert.Contains(cases, of => of is { ThreeAxes: true, Past: > 0, QkMode: 3 });
        Assert.Contains(cases, of => of is { QueryRows: 1, NewKeys: 1, HeadSize: 1, ValueSize: 1 });
        Assert.Contains(cases, of => of.MaskExtents.Length == 3 && of.MaskExtents[^1] < of.Keys);
        Assert.Contains(cases, of => of.QueryHeads > of.KeyHeads && of.KeyHeads > 1);
        for (int mode = 0; mode < 4; mode++)
            Assert.Contains(cases, of => of.QkMode == mode && of.Softcap > 0 && of.MaskExtents.Length > 0);
    }

    private static double Largest(double[] numbers) => numbers.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();

    private static void Close(double[] expected, float[] actual, string what, double scale)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            bool close = double.IsFinite(expected[i])
                ? Math.Abs(expected[i] - actual[i]) <= Tolerance * scale : expected[i].Equals((double)actual[i]);
            Assert.True(close, $"{what}: element {i} is {actual[i]:g9}, {expected[i]:g9} expected.");
        }
    }
}
