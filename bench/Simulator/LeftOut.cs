#if !HAS_ORLEANS
System.Console.Error.WriteLine("The simulator runs the schedule and the transport of silos, which need Orleans; it is not on this package feed.");
return 2;
#endif
