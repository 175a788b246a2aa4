/* A preload that does nothing. */
__attribute__((constructor)) static void nothing(void)
{
}
