using Distributed.Service.Benchmarks;

// dotnet run -c Release --project bench/Service -- DISTRIBUTED.SILO [clients | files | list]
string silo = args.Length > 0 ? Path.GetFullPath(args[0]) : throw new ArgumentException("The path of Distributed.Silo is expected.");
string what = args.Length > 1 ? args[1] : "clients";
using var server = await BenchServer.StartAsync(silo);
switch (what)
{
    case "clients":
        await ManyClients.RunAsync(server, clients: 200);
        break;
    case "files":
        await Transfers.RunAsync(server);
        break;
    case "list":
        await LongList.RunAsync(server, jobs: 10_000);
        break;
    default:
        throw new ArgumentException($"'{what}' is not known; clients, files or list is expected.");
}
