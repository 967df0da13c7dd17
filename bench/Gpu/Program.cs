using System.Text.Json;
using Distributed.Gpu.Benchmarks;
using Distributed.Kernels.Devices;

// Usage: Distributed.Gpu.Benchmarks [DEVICE [ROWS [HEADS]]]; JSON goes to standard output, remarks to standard error.
string asked = args.Length > 0 ? args[0] : "auto";
int rows = args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 16_384;
int heads = args.Length > 2 ? int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture) : 16;
if (!DeviceChoice.TryParse(asked, out DeviceChoice choice))
{
    Console.Error.WriteLine($"Device '{asked}' is not known; {DeviceChoice.Expected} is expected.");
    return 2;
}
DeviceSearch search;
try
{
    search = AttentionDevices.Find(choice);
}
catch (DeviceException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
if (search.Device is not { } device)
{
    Console.Error.WriteLine($"No device was found: {string.Join(' ', search.Notes)}");
    return 2;
}
foreach (string note in search.Notes)
    Console.Error.WriteLine(note);
DeviceRate[] rates = [.. DeviceBench.Measure(device, rows, heads, line => Console.Error.WriteLine(line))];
IReadOnlyList<Goal> goals = Goal.Of(rates);
foreach (Goal goal in goals)
    Console.Error.WriteLine(goal);
Console.WriteLine(JsonSerializer.Serialize(new
{
    device = device.Name,
    multiprocessors = device.Peak.Multiprocessors,
    clock_mhz = device.Peak.ClockMegahertz,
    fma_peak_tflops = device.Peak.MultiplyAdds * 2 / 1e12,
    clocks = Clocks.Seen,
    rates,
    goals,
}, new JsonSerializerOptions { WriteIndented = true }));
return rates.All(rate => rate.Right) ? 0 : 1;
