if (args is ["atlas", .. var rest])
    return await Distributed.Silo.Atlas.AtlasHost.RunAsync(rest);
return await Distributed.Silo.Hosting.SiloHost.RunAsync(args);
