using System.Reflection;
using Distributed.Engine;
using Distributed.Kernels.Cpu;
using Distributed.Peers.Benchmarks;

if (args is ["version"])
{
    string version = typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
    Console.WriteLine($"{version} ({CpuKernels.Best.Name})");
    return 0;
}

if (args is not [string path, "full" or "causal", string threads] || !int.TryParse(threads, out int count))
{
    await Console.Error.WriteLineAsync(
        "usage: Distributed.Peers.Benchmarks version | INPUT.safetensors full|causal THREADS\n"
        + "Holds q, k and v in memory and takes commands from standard input: 'run N wall', 'run N cpu', 'write OUTPUT.npy', 'quit'.");
    return 2;
}

try
{
    using var session = AttentionSession.Load(path, args[1] == "causal", count);
    Console.WriteLine("ready");
    while (Console.ReadLine() is { } line && line != "quit")
        Console.WriteLine(await session.DoAsync(line));
    return 0;
}
catch (InputException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 1;
}
