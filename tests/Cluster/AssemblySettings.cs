// Clusters side by side would share the processors, and waits would end too late.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
