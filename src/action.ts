export const act = async (): Promise<number> => 0
