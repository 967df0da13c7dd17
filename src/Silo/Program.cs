#if HAS_ORLEANS
return await Distributed.Silo.Cluster.ClusterHost.RunAsync(args);
#else
Console.Error.WriteLine("This build has no silo: Orleans was not on the package feed when it was made (docs/building.md).");
return 1;
#endif
