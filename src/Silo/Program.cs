return await Distributed.Silo.Hosting.SiloHost.RunAsync(args);
