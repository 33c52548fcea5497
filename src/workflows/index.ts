export { externalRestore } from './external-restore';
