// What share of a book's parallel passages a links.json has among a passage's three strongest links.
// dotnet run -c Release --project bench/Documents -- DIR/links.json [least distance in passages, 1000]
using System.Globalization;
using System.Text.Json;
using Distributed.Documents.Benchmarks;

const int Strongest = 3;
const double Alone = 0.1;

if (args.Length is < 1 or > 2)
{
    Console.Error.WriteLine("usage: LINKS.json [DISTANCE]");
    return 2;
}
int distance = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1000;
using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(args[0]));
JsonElement[] passages = file.RootElement.GetProperty("passages").EnumerateArray().ToArray();
IReadOnlyList<ParallelPassage> parallels =
    Parallels.Find(passages.Select(passage => passage.GetProperty("text").GetString()!).ToArray(), distance);

Console.WriteLine($"{passages.Length} passages; parallels at least {distance} passages apart, found among the {Strongest} strongest links:");
Console.WriteLine("similarity   with one partner        with any number");
foreach (double least in new[] { 0.5, 0.6, 0.7, 0.8, 0.9, 1.0 })
{
    var all = parallels.Where(pair => pair.Similarity >= least).ToArray();
    Console.WriteLine(
        $"{least,10:F1}   {Found(all.Where(pair => pair.Similarity - pair.RunnerUp >= Alone).ToArray())}   {Found(all)}");
}
return 0;

string Found(ParallelPassage[] pairs)
{
    int found = pairs.Count(pair => passages[pair.Passage].GetProperty("strongest").EnumerateArray().Take(Strongest)
        .Any(link => link.GetProperty("key").GetInt32() == pair.Partner));
    return $"{found,5} of {pairs.Length,5} {100.0 * found / Math.Max(1, pairs.Length),6:F2} %";
}
